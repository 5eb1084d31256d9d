/** The demo app's colours and type, for reading. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f5f1;
  --ink: #1d2522;
  --quiet: #5d6964;
  --line: #dedcd4;
  --accent: #0d7a5f;
  --sheet: #fffefb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #141917;
    --ink: #e8ece9;
    --quiet: #9aa8a2;
    --line: #313b37;
    --accent: #4fc3a1;
    --sheet: #1b211f;
  }
}
* { box-sizing: border-box; }
html { background: var(--ground); scroll-padding-top: 1rem; }
body {
  max-width: 76rem;
  margin: 0 auto;
  padding: max(1rem, env(safe-area-inset-top)) max(1rem, env(safe-area-inset-right))
    max(4rem, env(safe-area-inset-bottom)) max(1rem, env(safe-area-inset-left));
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color: var(--ink);
  overflow-wrap: anywhere;
}
header { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; min-height: 2.75rem; }
header svg { display: block; }
header p { flex: 1; max-width: none; margin: 0; font-weight: 650; letter-spacing: -0.01em; }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
header a { padding: 0.625rem 0; font-size: 0.9375rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 0.25rem; }
code { font: 0.9em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
h1 {
  margin: clamp(1.5rem, 5vw, 3rem) 0 1rem;
  font-size: clamp(1.75rem, 0.9rem + 3vw, 3rem);
  font-weight: 700;
  line-height: 1.1;
  letter-spacing: -0.03em;
  text-wrap: balance;
}
h1 span { color: var(--accent); }
h2 { margin: 0 0 0.5rem; font-size: 1.375rem; font-weight: 650; letter-spacing: -0.015em; line-height: 1.25; }
h2 code { font-size: 1em; font-weight: 650; }
h3 { margin: 2rem 0 0.5rem; font-size: 0.875rem; font-weight: 650; color: var(--quiet); }
#objects h3 { font-size: 1.0625rem; color: var(--ink); scroll-margin-top: 1rem; }
h3 code, summary code { font-weight: 650; }
p { max-width: 42rem; margin: 0 0 0.75rem; }
.lead { font-size: 1.0625rem; }
.quiet, small { color: var(--quiet); }
main > section, article { padding-top: 2rem; margin-top: 2.5rem; border-top: 1px solid var(--line); }
main > #start { padding-top: 0; border: 0; }
.address { margin-bottom: 0.75rem; }
.address b, .refusals b { font-size: 0.8125rem; font-weight: 650; color: var(--accent); letter-spacing: 0.02em; }
pre {
  font-size: 0.8125rem;
  line-height: 1.6;
  padding: 0.875rem 1rem;
  margin: 1rem 0;
  white-space: pre-wrap;
  background: var(--sheet);
  border: 1px solid var(--line);
  border-radius: 0.625rem;
}
pre code { font-size: inherit; line-height: inherit; }
dl { margin: 0; }
dl > div { padding: 0.625rem 0; border-top: 1px solid var(--line); }
dl > div.inner { padding-left: 1rem; }
dt { line-height: 1.4; }
dt > code { font-weight: 650; }
dt .quiet { font-size: 0.875rem; }
dt em { font-size: 0.8125rem; white-space: nowrap; font-style: normal; font-weight: 500; color: var(--accent); }
dd { margin: 0.125rem 0 0; font-size: 0.9375rem; }
details { margin-top: 1.5rem; }
summary { width: fit-content; min-height: 2.75rem; padding: 0.625rem 0; font-size: 0.9375rem; font-weight: 600; cursor: pointer; }
summary:hover { color: var(--accent); }
nav { margin-top: 0.75rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; padding: 0; margin: 0; list-style: none; }
nav a { display: block; padding: 0.625rem 0; font-size: 0.9375rem; color: inherit; text-decoration: none; }
nav a:hover { color: var(--accent); }
@media (min-width: 60rem) {
  body {
    display: grid;
    grid-template-columns: 9rem minmax(0, 1fr);
    column-gap: 3.5rem;
    padding-inline: 2rem;
  }
  header { grid-column: 1 / -1; }
  nav { position: sticky; top: 1rem; align-self: start; margin-top: 3rem; }
  nav ul { display: block; }
  nav a { padding: 0.3125rem 0; }
  .sides { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); column-gap: 3rem; }
  .refusals > div, #start dl > div { display: grid; grid-template-columns: 21rem minmax(0, 1fr); column-gap: 1.5rem; align-items: baseline; }
  #objects dl { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); column-gap: 3rem; }
}
@media print {
  nav { display: none; }
}
`;
