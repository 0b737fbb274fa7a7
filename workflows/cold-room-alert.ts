interface Reading {
  celsius: number;
}

interface Scope {
  event: { data: Reading; params: { plant: string; room: string } };
}

export default function ({ event }: Scope) {
  const { plant, room } = event.params;
  return { text: `Room ${room} of ${plant} is at ${event.data.celsius.toFixed(1)} °C. Is the door open?` };
}
