/** What a command was told; `deno task doctor -- --dev` passes on the `--` as well. */
export const argsOf = (argv: string[]): string[] => argv.slice(argv[2] === '--' ? 3 : 2);
