using System.Diagnostics;
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
        Assert.All(Places, place => Assert.Contains(said.Output.Split('\n'), line => line.Contains("ten.json", StringComparison.Ordinal) && line.Contains(place, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Validate_PrintsItsFindingsAndNothingElse()
    {
        var file = scratch.Write("ten.json", TenMistakes);

        var said = await ValidateAsync(file);

        var lines = said.Output.TrimEnd('\n').Split('\n');
        Assert.All(lines[..^1], line => Assert.StartsWith("ten.json(", line, StringComparison.Ordinal));
        Assert.Equal($"1 workflow, {lines.Length - 1} problems.", lines[^1]);
        Assert.Equal("", said.Errors);
    }

    [Fact]
    public async Task Validate_SaysHowToSetAMissingSecret()
    {
        var file = scratch.Write("ten.json", TenMistakes);

        var said = await ValidateAsync(file, "--data", scratch.At("data"));

        Assert.Contains("AUTOMATION_SECRET_NOT_THERE", said.Output, StringComparison.Ordinal);
        Assert.Contains(scratch.At("data/secrets/NOT_THERE"), said.Output, StringComparison.Ordinal);
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
        Assert.Equal("", said.Errors);
    }

    [Fact]
    public async Task Verify_SaysValid_OrWhyNot_WithItsExitCode()
    {
        var body = scratch.Write("body.txt", "Hello, World!");
        var changed = scratch.Write("changed.txt", "Hello, World!\n");
        string[] options = ["verify", "--scheme", "github", "--secret-file", scratch.Write("secret.txt", "It's a Secret to Everybody\n"), "--header", "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"];

        var good = await ServerProcess.CommandAsync([.. options, "--body-file", body]);
        var bad = await ServerProcess.CommandAsync([.. options, "--body-file", changed]);
        var none = await ServerProcess.CommandAsync("verify", "--scheme", "github");
        var nowhere = await ServerProcess.CommandAsync([.. options, "--url", "x"]);

        Assert.Equal((0, "valid\n"), (good.ExitCode, good.Output));
        Assert.Equal(1, bad.ExitCode);
        Assert.StartsWith("invalid: no configured secret matches", bad.Output, StringComparison.Ordinal);
        Assert.Contains("without the line break at its end", bad.Output, StringComparison.Ordinal);
        Assert.Equal((2, ""), (nowhere.ExitCode, nowhere.Output));
        Assert.StartsWith("--url: \"x\" is no address", nowhere.Errors, StringComparison.Ordinal);
        Assert.Equal((2, ""), (none.ExitCode, none.Output));
        Assert.Contains("--secret-file", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_IsTakenByAServerWithTheSameSecret_AndSaysWhatItAnswered()
    {
        await using var installation = await Installation.StartAsync(
            new Dictionary<string, string> { ["paid.json"] = """{ "triggers": { "hook": { "type": "webhook", "path": "/paid", "verify": { "scheme": "stripe", "secrets": ["STRIPE"] } } }, "steps": { "log": { "type": "log", "message": "paid" } } }""" },
            new Dictionary<string, string?> { ["AUTOMATION_SECRET_STRIPE"] = "whsec_right" });
        var hook = new Uri(installation.Server.Http.BaseAddress!, "/hooks/paid").ToString();

        var taken = await ServerProcess.CommandAsync("send", "--provider", "stripe", "--secret", "whsec_right", "--to", hook);
        var refused = await ServerProcess.CommandAsync("send", "--provider", "stripe", "--secret", "whsec_wrong", "--to", hook);
        var unheard = await ServerProcess.CommandAsync("send", "--provider", "stripe", "--secret", "whsec_right", "--to", "http://127.0.0.1:1/");

        Assert.Equal((0, ""), (taken.ExitCode, taken.Errors));
        Assert.StartsWith("202 Accepted\n", taken.Output, StringComparison.Ordinal);
        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith("401 Unauthorized\n", refused.Output, StringComparison.Ordinal);
        Assert.Contains("secrets have to be the same", refused.Output, StringComparison.Ordinal);
        Assert.Equal((1, ""), (unheard.ExitCode, unheard.Output));
        Assert.StartsWith("No connection to 127.0.0.1 port 1", unheard.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_NamesEachCommand()
    {
        var said = await ServerProcess.CommandAsync("--help");

        Assert.Equal(0, said.ExitCode);
        foreach (var command in new[] { "serve", "validate", "schema", "import", "listen", "backup", "restore", "mqtt-password", "secrets-key", "verify", "send", "version" })
        {
            Assert.Contains(said.Output.Split('\n'), line => line.TrimStart().StartsWith(command, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task WrongOption_IsSaidInOneSentence()
    {
        var said = await ServerProcess.CommandAsync("serve", "--mqtt-port", "many");

        Assert.Equal(1, said.ExitCode);
        Assert.Equal("--mqtt-port has to be a port from 0 to 65535 (0: any free one), not \"many\".", said.Errors.Trim());
    }

    [Theory]
    [InlineData("-INT")]
    [InlineData("-TERM")]
    public async Task Listen_Ends_WhenItIsSignalled(string signal)
    {
        // A shell starts what it puts into the background with SIGINT ignored, and so would be what the tests start.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", ServerProcess.Program, "listen", "--port", "0"]) { RedirectStandardOutput = true };
        using var listener = Process.Start(start)!;
        var first = await listener.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Soon);

        await Shell.RunAsync("kill", [signal, $"{listener.Id}"]);

        await listener.WaitForExitAsync().WaitAsync(Eventually.Soon);
        Assert.StartsWith("Listening on http://127.0.0.1:", first, StringComparison.Ordinal);
        Assert.Equal(0, listener.ExitCode);
    }

    public void Dispose() => scratch.Dispose();

    private static Task<CommandResult> ValidateAsync(params string[] arguments) => Shell.RunAsync(
        "dotnet", [ServerProcess.Program, "validate", .. arguments], new Dictionary<string, string?> { ["Sandbox__Folder"] = Repository.PathOf("src", "Automation.Sandbox") });
}
