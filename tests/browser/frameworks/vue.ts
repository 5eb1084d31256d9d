import { createApp, h, ref } from 'vue';
import '../../../client/element/index.ts';

const { endpoint, owner } = Object.fromEntries(new URLSearchParams(location.search));

createApp({
  setup() {
    const arrived = ref('');
    const visits = ref(0);
    return () => [
      h('partway-upload', {
        endpoint,
        owner,
        headers: () => ({ 'x-api-key': 'dev' }),
        serviceWorker: '/sw.js',
        single: visits.value > 0,
        onUploadDone: ({ detail }: HTMLElementEventMap['upload-done']) => {
          arrived.value = detail.url;
        },
      }),
      h('button', { id: 'again', onClick: () => visits.value++ }, 'Render again'),
      h('output', arrived.value),
    ];
  },
}).mount('#app');
