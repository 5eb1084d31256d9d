import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import '../../../client/element/index.ts';

const { endpoint, owner } = Object.fromEntries(new URLSearchParams(location.search));

function App() {
  const [arrived, setArrived] = useState('');
  const [visits, setVisits] = useState(0);
  return (
    <>
      <partway-upload
        endpoint={endpoint}
        owner={owner}
        headers={() => ({ 'x-api-key': 'dev' })}
        serviceWorker="/sw.js"
        single={visits > 0}
        onupload-done={({ detail }) => setArrived(detail.url)}
      />
      <button id="again" type="button" onClick={() => setVisits(visits + 1)}>
        Render again
      </button>
      <output>{arrived}</output>
    </>
  );
}

createRoot(document.querySelector('#app')).render(<App />);
