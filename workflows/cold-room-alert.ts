interface Reading {
  celsius: number;
}

interface Scope {
  event: { data: Reading; params: { plant: string; room: string } };
}

const allowed = 8;

export default function ({ event }: Scope) {
  const { plant, room } = event.params;
  const over = (event.data.celsius - allowed).toFixed(1);
  return { text: `Room ${room} of ${plant} is at ${event.data.celsius} °C, ${over} °C above what is allowed.` };
}
