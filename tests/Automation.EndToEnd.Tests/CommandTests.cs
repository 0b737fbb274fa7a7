using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>The command line beside <c>serve</c>.</summary>
public sealed class CommandTests : IDisposable
{
    private const string TenMistakes = """
        {
          "name": "Ten mistakes",
          "colour": "red",
          "triggers": {
            "hook": { "type": "webhook", "path": "/ten", "verify": { "scheme": "github", "secrets": ["NOT_THERE"] } },
            "tick": { "type": "clock" }
          },
          "steps": {
            "Big": { "type": "log", "message": "a" },
            "none": { "message": "b" },
            "what": { "type": "webhook.sned" },
            "lost": { "type": "log", "message": "c", "next": "nowhere" },
            "bare": { "type": "webhook.send" },
            "late": { "type": "log", "message": "d", "timeout": "soon" },
            "code": { "type": "log", "message": "${event.data.}" },
            "file": { "type": "script", "file": "not-there.ts" }
          },
          "start": "lost"
        }
        """;

    private static readonly string[] Places =
    [
        "/colour", "/triggers/hook/verify/secrets/0", "/triggers/tick/type", "/steps/Big", "/steps/none", "/steps/what/type", "/steps/lost/next", "/steps/bare", "/steps/late/timeout", "/steps/code/message",
        "/steps/file/file",
    ];

    private readonly ScratchFolder scratch = new();

    [Fact]
    public async Task Validate_ReportsAllMistakes_EachWithFilePointerAndSentence()
    {
        var file = scratch.Write("ten.json", TenMistakes);

        var said = await ValidateAsync(file);

        Assert.Equal(1, said.ExitCode);
        Assert.All(Places, place => Assert.Contains(said.All.Split('\n'), line => line.Contains("ten.json", StringComparison.Ordinal) && line.Contains(place, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Validate_Succeeds_ForAFileWithoutMistakes()
    {
        var file = scratch.Write("good.json", """{ "name": "Good", "triggers": { "hand": { "type": "manual" } }, "steps": { "say": { "type": "log", "message": "${event.data}" } } }""");

        var said = await ValidateAsync(file);

        Assert.True(said.ExitCode == 0, said.All);
    }

    [Fact]
    public async Task Schema_IsTheCommittedOne()
    {
        var said = await ServerProcess.CommandAsync("schema");

        Assert.Equal(await File.ReadAllTextAsync(Repository.PathOf("workflows", "workflow.schema.json")), said.Output);
    }

    [Fact]
    public async Task OpenApi_IsTheCommittedOne()
    {
        var said = await ServerProcess.CommandAsync("openapi");

        Assert.Equal(await File.ReadAllTextAsync(Repository.PathOf("openapi.json")), said.Output);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("validate")]
    [InlineData("schema")]
    [InlineData("openapi")]
    [InlineData("listen")]
    [InlineData("version")]
    public async Task Help_NamesEachCommand(string command)
    {
        var said = await ServerProcess.CommandAsync("--help");

        Assert.Equal(0, said.ExitCode);
        Assert.Contains(said.Output.Split('\n'), line => line.TrimStart().StartsWith(command, StringComparison.Ordinal));
    }

    public void Dispose() => scratch.Dispose();

    private static Task<CommandResult> ValidateAsync(string file) => Shell.RunAsync(
        "dotnet", [ServerProcess.Program, "validate", file], new Dictionary<string, string?> { ["Sandbox__Folder"] = Repository.PathOf("src", "Automation.Sandbox") });
}
