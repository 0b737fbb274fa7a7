using System.Text.RegularExpressions;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>Every workflow in <c>workflows/</c>, triggered by the command that its README gives, sends or answers what the README says.</summary>
public partial class ExampleTests
{
    private static readonly Dictionary<string, string?> Secrets = new() { ["AUTOMATION_SECRET_GITHUB_HOOK"] = "only for trying out", ["AUTOMATION_SECRET_HOME_ASSISTANT_TOKEN"] = "only for trying out" };
    private static readonly string Readme = File.ReadAllText(Repository.PathOf("workflows", "README.md"));

    public static TheoryData<string> Workflows =>
        [.. Directory.EnumerateFiles(Repository.PathOf("workflows"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Where(name => !name.Contains('.', StringComparison.Ordinal))]; // schemas and test cases have a point in their names

    [Theory]
    [MemberData(nameof(Workflows))]
    public async Task Workflow_DoesWhatItsReadmeSays(string workflow)
    {
        var section = Sections().Single(s => s.Contains($"({workflow}.json)", StringComparison.Ordinal));
        await using var installation = await Installation.StartAsync(Files(), Secrets);

        var command = Block(section, "sh").Last();
        var said = await Shell.BashAsync(OnPortsOf(installation.Server, command));

        Assert.True(said.ExitCode == 0, said.All);
        if (Block(section, "json").SingleOrDefault() is { } answer) Assert.Equal(answer.Trim(), said.Output.Trim());
        if (Block(section, "text").SingleOrDefault() is not { } arriving) return;
        var expected = arriving.Trim().Split('\n');
        var arrived = await installation.Receiver.WaitForAsync(expected.Length);
        Assert.Equal(expected.Order(StringComparer.Ordinal), arrived.Select(a => a.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Workflows_HaveNoProblems_WithTheirSecrets()
    {
        var said = await Shell.RunAsync(
            "dotnet",
            [ServerProcess.Program, "validate"],
            new Dictionary<string, string?>(Secrets)
            {
                ["Workflows__Folder"] = Repository.PathOf("workflows"),
                ["Sandbox__Folder"] = Repository.PathOf("src", "Automation.Sandbox"),
            });

        Assert.True(said.ExitCode == 0, said.All);
    }

    [Fact]
    public void FrontPage_NamesOnlyTriggersThatTheExamplesTest()
    {
        var commands = TriggerCommand().Matches(File.ReadAllText(Repository.PathOf("README.md"))).Select(m => m.Value).ToList();

        Assert.NotEmpty(commands);
        Assert.All(commands, command => Assert.Contains(command, Readme, StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Files() => Directory.EnumerateFiles(Repository.PathOf("workflows"))
        .Where(file => Path.GetExtension(file) is ".json" or ".js" or ".ts")
        .ToDictionary(file => Path.GetFileName(file), file => File.ReadAllText(file).Replace("http://127.0.0.1:9999", "RECEIVER", StringComparison.Ordinal));

    private static string[] Sections() => Readme.Split("\n## ")[1..];

    private static IEnumerable<string> Block(string section, string language) =>
        Regex.Matches(section, $"```{language}\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value);

    private static string OnPortsOf(ServerProcess server, string command) => command
        .Replace("$(cat data/admin-token)", ServerProcess.Token, StringComparison.Ordinal)
        .Replace("127.0.0.1:8080", $"127.0.0.1:{server.Settings.HttpPort}", StringComparison.Ordinal)
        .Replace("mosquitto_pub ", $"mosquitto_pub -p {server.Settings.MqttPort} ", StringComparison.Ordinal);

    [GeneratedRegex("^(mosquitto_pub|curl [^\n]*/hooks/)[^\n]*", RegexOptions.Multiline)]
    private static partial Regex TriggerCommand();
}
