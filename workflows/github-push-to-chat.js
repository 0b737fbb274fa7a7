export default function ({ event }) {
  const { pusher, repository, ref, commits } = event.data;
  const branch = ref.replace("refs/heads/", "");
  const lines = commits.map((commit) => `- ${commit.message.split("\n")[0]}`);
  return { text: [`${pusher.name} pushed ${commits.length} to ${repository.full_name} (${branch})`, ...lines].join("\n") };
}
