import { defineConfig } from 'vite';

// The service worker is a build of its own, so that it shares no chunk with the page and keeps its name.
export default defineConfig(({ mode }) => ({
  build:
    mode === 'sw'
      ? { emptyOutDir: false, lib: { entry: 'sw.ts', formats: ['iife'], name: 'sw', fileName: () => 'sw.js' } }
      : {},
}));
