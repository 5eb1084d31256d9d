/**
 * The element's looks. To be changed from outside by `--partway-accent`, `-on-accent`, `-surface`, `-ink`, `-quiet`,
 * `-line`, `-alarm` and `-radius`, and by `::part()`; every class is a part's name too. Light or dark follows the page's
 * `color-scheme`.
 */
export const css = `
:host {
  display: block;
  min-inline-size: min(100%, 16rem);
}
:host([hidden]), [hidden] {
  display: none !important;
}
*, ::before, ::after {
  box-sizing: border-box;
}
.root {
  --accent: var(--partway-accent, #0d7a5f);
  --on-accent: var(--partway-on-accent, #fff);
  --surface: var(--partway-surface, #fff);
  --ink: var(--partway-ink, #1d2522);
  --quiet: var(--partway-quiet, #5d6964);
  --line: var(--partway-line, #dedcd4);
  --alarm: var(--partway-alarm, #a8321f);
  --radius: var(--partway-radius, 1rem);
  --touch: 2.75rem;
  container: partway / inline-size;
  display: grid;
  gap: 1rem;
  color: var(--ink);
  font-size: 1rem;
  line-height: 1.5;
  overflow-wrap: break-word;
  text-align: start;
}
@supports (color: light-dark(red, red)) {
  .root {
    --accent: var(--partway-accent, light-dark(#0d7a5f, #4fc3a1));
    --on-accent: var(--partway-on-accent, light-dark(#fff, #0c2019));
    --surface: var(--partway-surface, light-dark(#fff, #1d2421));
    --ink: var(--partway-ink, light-dark(#1d2522, #e8ece9));
    --quiet: var(--partway-quiet, light-dark(#5d6964, #9aa8a2));
    --line: var(--partway-line, light-dark(#dedcd4, #313b37));
    --alarm: var(--partway-alarm, light-dark(#a8321f, #ff9b86));
  }
}
.root {
  --soft: color-mix(in oklab, var(--accent) 14%, var(--surface));
  --soft-alarm: color-mix(in oklab, var(--alarm) 10%, var(--surface));
}
svg {
  display: block;
  inline-size: 1.25rem;
  block-size: 1.25rem;
  flex: none;
  fill: none;
  stroke: currentColor;
  stroke-width: 2;
  stroke-linecap: round;
  stroke-linejoin: round;
}
p {
  margin: 0;
}

button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: 0.5rem;
  min-inline-size: var(--touch);
  min-block-size: var(--touch);
  padding: 0.25rem 1.25rem;
  border: 1px solid transparent;
  border-radius: calc(var(--radius) * 0.625);
  background: none;
  color: inherit;
  font: inherit;
  font-weight: 550;
  cursor: pointer;
  touch-action: manipulation;
  transition: background-color 0.15s, border-color 0.15s, color 0.15s;
}
button:disabled {
  opacity: 0.5;
  cursor: default;
}
:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
}

.zone {
  display: flex;
  flex-flow: column;
  align-items: center;
  justify-content: center;
  gap: 0.625rem;
  padding: 2rem 1rem;
  border: 1.5px dashed color-mix(in oklab, var(--quiet) 45%, var(--surface));
  border-radius: var(--radius);
  background: var(--surface);
  text-align: center;
  cursor: pointer;
  transition: background-color 0.15s, border-color 0.15s;
}
.sign {
  display: grid;
  place-content: center;
  inline-size: 3rem;
  block-size: 3rem;
  margin-block-end: 0.25rem;
  border-radius: 50%;
  background: var(--soft);
  color: var(--accent);
  transition: transform 0.2s;
}
.sign svg {
  inline-size: 1.5rem;
  block-size: 1.5rem;
}
.pick {
  background: var(--accent);
  color: var(--on-accent);
}
.camera {
  border-color: color-mix(in oklab, var(--quiet) 45%, var(--surface));
}
.hint {
  color: var(--quiet);
  font-size: 0.875rem;
}
[data-filled] .zone {
  flex-flow: wrap;
  padding: 1rem;
}
[data-filled] .zone button {
  flex: auto;
  padding-inline: 0.75rem;
}
[data-filled] .sign {
  display: none;
}
[data-over] .zone {
  border-color: var(--accent);
  background: var(--soft);
}
[data-over] .sign {
  background: var(--surface);
  transform: translateY(-0.25rem);
}
[data-over] .hint {
  color: var(--ink);
  font-weight: 550;
}
[data-over] .board {
  opacity: 0.5;
}
[data-disabled] .zone {
  cursor: default;
}
@media (hover: hover) {
  .root:not([data-disabled]) .zone:hover, .camera:hover:enabled {
    border-color: var(--accent);
  }
  .pick:hover:enabled {
    background: color-mix(in oklab, var(--accent) 88%, var(--ink));
  }
  .row button:hover, .clear-done:hover {
    background: var(--soft);
    color: var(--ink);
  }
}
@media (hover: none) and (pointer: coarse) {
  .root:not([data-over]) .hint {
    display: none;
  }
}
@media not all and (any-pointer: coarse) {
  .camera {
    display: none;
  }
}

.notice {
  padding: 0.75rem 1rem;
  border-radius: calc(var(--radius) * 0.75);
  background: var(--soft-alarm);
  color: var(--alarm);
  font-size: 0.875rem;
}
.background, .earlier {
  color: var(--quiet);
  font-size: 0.8125rem;
  text-wrap: pretty;
}
.news, .whole {
  position: absolute;
  inline-size: 1px;
  block-size: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.board {
  overflow: clip;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
  font-variant-numeric: tabular-nums;
  transition: opacity 0.15s;
}
.summary {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  align-content: center;
  column-gap: 1rem;
  min-block-size: 5.0625rem;
  padding-block: 0.25rem 0.75rem;
  padding-inline: 1rem 0.375rem;
  border-block-end: 1px solid var(--line);
  font-size: 0.8125rem;
  line-height: 1.25rem;
}
.overall {
  display: contents;
}
.headline {
  flex: auto;
  padding-block: 0.375rem;
  font-size: 0.9375rem;
  font-weight: 550;
}
.rest {
  flex-basis: 100%;
  order: 1;
  color: var(--quiet);
}
.clear-done {
  margin-inline-start: -0.625rem;
  padding-inline: 0.625rem;
  color: var(--accent);
}
.list {
  margin: 0;
  padding: 0;
  list-style: none;
}


.row {
  display: grid;
  grid-template-columns: minmax(0, 1fr) var(--touch) var(--touch);
  align-items: center;
  align-content: start;
  min-block-size: 7.25rem;
  padding-block: 0.375rem 0.75rem;
  padding-inline: 1rem 0.375rem;
  content-visibility: auto;
  contain-intrinsic-block-size: auto 7.25rem;
  font-size: 0.8125rem;
  line-height: 1.25rem;
  transition: opacity 0.25s, transform 0.25s;
}
.row + .row {
  border-block-start: 1px solid var(--line);
}
@starting-style {
  .list:not([data-many]) .row {
    opacity: 0;
    transform: translateY(-0.5rem);
  }
}
.row button {
  padding: 0;
  color: var(--quiet);
}
.badge, .label {
  display: none;
}
.name {
  display: flex;
  grid-area: 1 / 1;
  justify-self: start;
  max-inline-size: calc(100% - 0.5rem);
  font-size: 0.9375rem;
  font-weight: 550;
  white-space: pre;
}
.head {
  overflow: hidden;
  text-overflow: ellipsis;
}
.tail {
  flex: none;
}
.main {
  grid-area: 1 / 2;
}
.end {
  grid-area: 1 / 3;
}
.bar, .percent, .facts, .message {
  grid-column: 1 / -1;
  margin-inline-end: 0.625rem;
}
.bar {
  grid-row: 2;
  block-size: 0.375rem;
  margin-inline-end: 3.75rem;
  overflow: hidden;
  border-radius: 1rem;
  background: var(--line);
}
.fill {
  block-size: 100%;
  border-radius: 1rem;
  background: var(--accent);
  transform: translateX(calc(var(--sent, 0%) - 100%));
  transition: transform 0.3s linear, background-color 0.3s;
}
.fill:dir(rtl) {
  transform: translateX(calc(100% - var(--sent, 0%)));
}
[data-state=waiting] .fill, [data-state=paused] .fill {
  background: var(--quiet);
}
[data-state=finishing] :is(.fill, .badge svg) {
  animation: breathe 1.6s ease-in-out infinite alternate;
}
@keyframes breathe {
  to {
    opacity: 0.45;
  }
}
.percent {
  grid-row: 2;
  justify-self: end;
  color: var(--quiet);
}
.bar[hidden] + .percent {
  display: none;
}
.facts {
  display: grid;
  grid-row: 3;
  margin-block-start: 0.125rem;
}
.line {
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  column-gap: 0.5rem;
  min-block-size: 1.25rem;
}
.line > :empty {
  display: none;
}
.state {
  font-weight: 550;
}
.note, .size, .speed, .left {
  color: var(--quiet);
}
.note {
  display: flex;
  gap: 0.25rem;
  align-items: center;
}
.size {
  margin-inline-end: auto;
}
.left::before {
  margin-inline-end: 0.5rem;
  content: "·" / "";
}
.note svg {
  inline-size: 0.875rem;
  block-size: 0.875rem;
  stroke-width: 2.5;
}
.row:not([data-safe]) .note svg {
  display: none;
}
[data-safe] .note, [data-state=done] .state {
  color: var(--accent);
}
[data-state=failed] .state, [data-state=needs-file] .state {
  color: var(--alarm);
}
.message {
  grid-row: 4;
  margin-block-start: 0.375rem;
  text-wrap: pretty;
}
[data-state=failed] .main, [data-state=needs-file] .main {
  grid-area: 5 / 1 / auto / -1;
  justify-self: start;
  margin-block-start: 0.625rem;
  padding-inline: 0.875rem 1rem;
  border-color: color-mix(in oklab, var(--quiet) 45%, var(--surface));
  color: var(--ink);
}
[data-state=failed] .label, [data-state=needs-file] .label {
  display: inline;
}
:is([data-state=failed], [data-state=needs-file], [data-state=done], [data-state=finishing]) .name {
  grid-column: 1 / 3;
}

@container partway (max-inline-size: 15rem) {
  .zone, .zone button {
    padding-inline: 0.5rem;
  }
  .row .name {
    display: block;
    grid-column: 1 / -1;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .row button {
    grid-row: 5;
  }
}
@container partway (min-inline-size: 34rem) {
  .zone {
    padding: 2.5rem 1.5rem;
  }
  [data-filled] .zone button {
    flex: none;
    padding-inline: 1.25rem;
  }
  .summary {
    min-block-size: 3.5rem;
    padding-block: 0.375rem;
  }
  .headline {
    flex: none;
  }
  .rest {
    flex: 1 0 auto;
    order: 0;
  }
  .row {
    grid-template-columns: 3.5rem minmax(0, 1fr) var(--touch) var(--touch);
    align-content: center;
    min-block-size: 5.5rem;
    padding-block: 0.75rem;
    padding-inline: 1rem 0.5rem;
    contain-intrinsic-block-size: auto 5.5rem;
  }
  .badge {
    display: grid;
    grid-area: 1 / 1 / span 3;
    place-content: center;
    inline-size: 2.5rem;
    block-size: 2.5rem;
    border-radius: 50%;
    background: var(--soft);
    color: var(--accent);
    transition: background-color 0.2s, color 0.2s;
  }
  .row :is(.name, .bar, .percent, .facts, .message) {
    grid-column: 2;
  }
  .row :is(.bar, .percent, .facts, .message) {
    margin-inline-end: 1rem;
  }
  .row .name {
    max-inline-size: calc(100% - 1rem);
  }
  .row .bar {
    margin-block: 0.4375rem;
    margin-inline-end: 4.25rem;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    column-gap: 1rem;
    margin: 0;
  }
  .size {
    margin: 0;
  }
  .speed::before {
    margin-inline-end: 0.5rem;
    content: "·" / "";
  }
  .main {
    grid-area: 1 / 3 / span 3;
  }
  .end {
    grid-area: 1 / 4 / span 3;
  }
  .row:is([data-state=failed], [data-state=needs-file]) .main {
    grid-column: 2;
  }
  [data-state=done] .badge {
    background: var(--accent);
    color: var(--on-accent);
  }
  :is([data-state=preparing], [data-state=waiting], [data-state=paused]) .badge {
    background: color-mix(in oklab, var(--quiet) 14%, var(--surface));
    color: var(--quiet);
  }
  :is([data-state=failed], [data-state=needs-file]) .badge {
    background: var(--soft-alarm);
    color: var(--alarm);
  }
}

@media (prefers-reduced-motion: reduce) {
  * {
    animation: none !important;
    transition: none !important;
  }
}
@media (forced-colors: active) {
  .bar {
    border: 1px solid CanvasText;
    block-size: 0.5rem;
  }
  .fill, .row:is([data-state=waiting], [data-state=paused]) .fill {
    background: Highlight;
    forced-color-adjust: none;
  }
  .row:is([data-state=waiting], [data-state=paused]) .fill {
    background: GrayText;
  }
  .badge, .sign, .notice, button, .clear-done {
    border: 1px solid;
  }
  [data-over] .zone {
    border-color: Highlight;
  }
}
`;
