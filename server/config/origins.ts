import type { Config } from './config.ts';

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** Origins whose pages may talk to the server and the embedded bucket: those of `ALLOWED_ORIGINS`, with `--dev` its own, too. */
export const pageOrigins = ({ dev, port, allowedOrigins }: Config): string[] =>
  dev ? [...LOCAL.map((host) => `http://${host}:${port}`), ...allowedOrigins] : allowedOrigins;
