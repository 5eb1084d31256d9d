import '@uppy/golden-retriever/lib/ServiceWorker.js';
