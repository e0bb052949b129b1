fetch('/api/parcels').then((answer) => answer.json()).then(console.log);
