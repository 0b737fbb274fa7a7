using System.Text;
using Automation.Server.Sandbox;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Tests.Workflows;

public sealed class WorkflowCompilerTests
{
    private const string Good = """
        {
          "name": "Orders",
          "triggers": { "in": { "type": "hook", "path": "/orders", "start": "check" } },
          "steps": {
            "check": { "type": "if", "condition": "${event.data.ok}", "next": { "true": ["say", "send"], "error": "say" } },
            "say": { "type": "log", "message": "hello", "timeout": "5s", "retry": { "attempts": 5, "backoff": "constant" } },
            "send": { "type": "send", "name": "Send it", "url": "${secret.URL}", "disabled": true }
          },
          "onError": "say"
        }
        """;

    private readonly Compiling compiling = new();

    [Fact]
    public async Task GoodFile_BecomesAVersion()
    {
        var version = await compiling.VersionAsync(Good);
        Assert.Equal(("shop/order", "Orders", "check", "say"), (version.WorkflowId, version.Name, version.Start, version.OnError));
        Assert.Equal(["say", "send"], version.Steps["check"].Next["true"]);
        Assert.Equal(["say"], version.Steps["check"].Next["error"]);
        Assert.Equal(new RetryPolicy(5, false, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), 0.2), version.Steps["say"].Retry);
        Assert.Equal((TimeSpan.FromSeconds(5), "say"), (version.Steps["say"].Timeout!.Value, version.Steps["say"].Name));
        Assert.Equal((true, "Send it"), (version.Steps["send"].Disabled, version.Steps["send"].Name));
        Assert.Equal("check", version.Triggers["in"].Start);
        Assert.Equal("/orders", Assert.IsType<HookTestTrigger.Config>(version.Triggers["in"].Config).Path);
        Assert.Equal("expressions/check", Assert.Single(version.Program.Units).Id);
    }

    [Fact]
    public async Task FileWithTenMistakes_ListsAllTen()
    {
        var compiled = await compiling.FileAsync("""
            {
              "nme": "Orders",
              "triggers": { "in": { "type": "hok", "path": "/x" } },
              "steps": {
                "First": { "type": "log", "message": "a", "next": "second" },
                "second": { "type": "if", "condition": "yes", "next": { "maybe": "third" } },
                "third": { "type": "send", "url": "ftp//nowhere", "attempts": 99, "next": "fourht" },
                "fourth": { "type": "send", "url": "https://x/", "wait": "5 minutes", "note": "${secret.TOKEN}", "mode": "vrySlow" },
                "fifth": { "type": "script" },
                "sixth": { "type": "log", "level": "info", "retry": { "attempts": 0 }, "message": "${" }
              },
              "start": "First"
            }
            """);
        Assert.Null(compiled.Version);
        var found = compiled.Problems.Select(p => p.Pointer).ToHashSet();
        Assert.Superset(
            new HashSet<string>
            {
                "/nme", "/triggers/in/type", "/steps/First", "/steps/second/condition", "/steps/second/next/maybe", "/steps/third/url", "/steps/third/attempts",
                "/steps/third/next", "/steps/fourth/wait", "/steps/fourth/note", "/steps/fourth/mode", "/steps/fifth", "/steps/sixth/retry/attempts", "/steps/sixth/message",
            },
            found);
        Assert.All(compiled.Problems, p => Assert.True(p is { Line: > 0, Column: > 0, File: "shop/order.json" }, p.ToString()));
    }

    [Fact]
    public async Task Problem_HasThePlaceInTheFile()
    {
        var problem = await compiling.OnlyProblemAsync("{\n  \"steps\": {\n    \"a\": { \"type\": \"log\", \"message\": \"é\", \"lvel\": \"info\" }\n  }\n}");
        Assert.Equal(("/steps/a/lvel", 3, 43), (problem.Pointer, problem.Line, problem.Column));
        Assert.Equal("Unknown property \"lvel\". Did you mean \"level\"?", problem.Message);
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("{\n  \"steps\": {,}\n}", 2, "not valid JSON")]
    [InlineData("{ \"steps\": {} ", 1, "not valid JSON")]
    [InlineData("{ // note\n}", 1, "not valid JSON")]
    [InlineData("[]", 1, "Expected a workflow as an object")]
    [InlineData("{ \"steps\": { \"a\": { \"type\": \"log\", \"message\": \"\\ud800\" } } }", 1, "half of a character")]
    public async Task TextThatIsNoWorkflow_IsSaidWithItsLine(string text, int line, string expected)
    {
        var problem = await compiling.OnlyProblemAsync(text);
        Assert.Equal(line, problem.Line);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileThatIsNotUtf8_IsRefused()
    {
        var compiled = await compiling.Compiler.CompileAsync("a", new byte[] { (byte)'{', 0xff, (byte)'}' }, _ => default, CancellationToken.None);
        Assert.Contains("UTF-8", Assert.Single(compiled.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileThatIsTooLarge_IsRefused()
    {
        var compiled = await compiling.Compiler.CompileAsync("a", new byte[ScriptFile.MaxBytes + 1], _ => default, CancellationToken.None);
        Assert.Contains("larger than", Assert.Single(compiled.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryDuplicateName_IsListed()
    {
        var compiled = await compiling.FileAsync("""{ "name": "a", "name": "b", "steps": { "a": { "type": "log", "message": "x", "message": "y", "notes": "", "notes": "" } } }""");
        Assert.Equal(["/name", "/steps/a/message", "/steps/a/notes"], compiled.Problems.Select(p => p.Pointer));
    }

    [Theory]
    [InlineData("""{ "type": "lgo", "message": "x" }""", "/steps/one/type", "Did you mean \"log\"? Known are changed, debounce, dedupe, fail, filter, if, log, lookup, script, send, sequence, set, silence, switch, threshold, throttle, window.")]
    [InlineData("""{ "message": "x" }""", "/steps/one", "\"type\" is missing")]
    [InlineData("""{ "type": 1 }""", "/steps/one/type", "not the number 1")]
    [InlineData("""[]""", "/steps/one", "Expected a step as an object")]
    [InlineData("""{ "type": "log" }""", "/steps/one", "\"message\" is missing; add it: a text – The line.")]
    [InlineData("""{ "type": "log", "message": 5 }""", "/steps/one/message", "Expected a text, not the number 5.")]
    [InlineData("""{ "type": "log", "message": "x", "level": "wran" }""", "/steps/one/level", "Did you mean \"warn\"?")]
    [InlineData("""{ "type": "log", "message": "x", "key": "a" }""", "/steps/one/key", "Unknown property \"key\".")]
    [InlineData("""{ "type": "log", "message": "x", "timeout": "-1s" }""", "/steps/one/timeout", "Expected a duration")]
    [InlineData("""{ "type": "log", "message": "x", "timeout": "0s" }""", "/steps/one/timeout", "from 1ms to 1d, not 0s")]
    [InlineData("""{ "type": "log", "message": "x", "timeout": "100d" }""", "/steps/one/timeout", "timeout must be from 1ms to 1d, not 100d.")]
    [InlineData("""{ "type": "log", "message": "x", "retry": { "initial": "60d" } }""", "/steps/one/retry/initial", "initial must be from 0s to 1d, not 60d.")]
    [InlineData("""{ "type": "log", "message": "x", "retry": { "initial": "60d", "max": "60d" } }""", "/steps/one/retry/max", "max must be from 0s to 1d, not 60d.")]
    [InlineData("""{ "type": "log", "message": "x", "name": "" }""", "/steps/one/name", "from 1 to 200 characters")]
    [InlineData("""{ "type": "log", "message": "x", "disabled": "${true}" }""", "/steps/one/disabled", "Expected true or false")]
    [InlineData("""{ "type": "log", "message": "x", "retry": { "attempts": 101 } }""", "/steps/one/retry/attempts", "from 1 to 100")]
    [InlineData("""{ "type": "log", "message": "x", "retry": { "initial": "1h" } }""", "/steps/one/retry", "longer than the longest")]
    [InlineData("""{ "type": "log", "message": "x", "retry": { "tries": 3 } }""", "/steps/one/retry/tries", "Unknown property")]
    [InlineData("""{ "type": "if", "condition": "x ${y}" }""", "/steps/one/condition", "make the whole string one ${ expression }")]
    [InlineData("""{ "type": "set", "values": {} }""", "/steps/one/values", "at least 1 entries")]
    [InlineData("""{ "type": "switch", "cases": { "default": 1 } }""", "/steps/one/cases", "choose another name")]
    [InlineData("""{ "type": "set", "values": { "${x}": 1 } }""", "/steps/one/values/${x}", "only possible in values")]
    [InlineData("""{ "type": "script", "code": [1] }""", "/steps/one/code", "Expected code as a text, or as a list of texts")]
    [InlineData("""{ "type": "script", "code": "return 1", "file": "a.js" }""", "/steps/one", "not both")]
    [InlineData("""{ "type": "script", "file": "a.txt" }""", "/steps/one/file", ".js or .ts")]
    [InlineData("""{ "type": "script", "file": "a.js" }""", "/steps/one/file", "There is no file")]
    [InlineData("""{ "type": "script", "file": "../a.js" }""", "/steps/one/file", "may not leave")]
    [InlineData("""{ "type": "script", "file": "/a.js" }""", "/steps/one/file", "absolute path")]
    [InlineData("""{ "type": "script", "file": "a\\b.js" }""", "/steps/one/file", "must use /")]
    [InlineData("""{ "type": "log", "message": "${secret.TOKEN}" }""", "/steps/one/message", "a secret may stand only where the server sends")]
    [InlineData("""{ "type": "fail", "message": "x", "code": "Not Good" }""", "/steps/one/code", "must match")]
    [InlineData("""{ "type": "log", "message": "x", "next": 5 }""", "/steps/one/next", "Expected a step id, a list of step ids, or an object")]
    [InlineData("""{ "type": "log", "message": "x", "next": "one" }""", "/steps/one/next", "one → one form a cycle")]
    [InlineData("""{ "type": "log", "message": "x", "next": "two" }""", "/steps/one/next", "There is no step \"two\". Steps are one.")]
    [InlineData("""{ "type": "if", "condition": true, "next": "one2" }""", "/steps/one/next", "no outcome \"done\"; say which of \"true\", \"false\", \"error\"")]
    [InlineData("""{ "type": "filter", "condition": true, "next": { "rejectd": [] } }""", "/steps/one/next/rejectd", "it has \"done\", \"rejected\", \"error\". Did you mean \"rejected\"?")]
    public async Task MistakeInAStep_IsSaidAtItsPlace(string step, string at, string expected)
    {
        var compiled = await compiling.FileAsync($$"""{ "steps": { "one": {{step}} } }""");
        Assert.Null(compiled.Version);
        Assert.Contains(compiled.Problems, p => p.Pointer == at && p.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"url\": \"x\"", "/steps/one/url", "absolute http or https address")]
    [InlineData("\"url\": \"https://x/\", \"body\": { \"a\": \"${secret.NONE}\" }", "/steps/one/body/a", "There is no secret \"NONE\"")]
    [InlineData("\"url\": \"https://x/\", \"pattern\": \"${x}\", \"attempts\": \"5\"", "/steps/one/attempts", "not the text \"5\"")]
    [InlineData("\"url\": \"https://x/\", \"note\": \"${x}\", \"attempts\": 0", "/steps/one/attempts", "from 1 to 50")]
    [InlineData("\"url\": \"https://x/\", \"note\": \"${x}\", \"wait\": \"1ms\"", "/steps/one/wait", "from 1s to 1m")]
    [InlineData("\"url\": \"https://x/\", \"attempts\": 1.5", "/steps/one/attempts", "not the number 1.5")]
    [InlineData("\"url\": \"https://x/\", \"limit\": \"5kb\"", "/steps/one/limit", "Expected a size")]
    [InlineData("\"url\": \"https://x/\", \"options\": { \"depth\": 9 }", "/steps/one/options/depth", "from 0 to 5")]
    [InlineData("\"url\": \"https://x/\", \"options\": {}", "/steps/one/options", "\"depth\" is missing")]
    [InlineData("\"url\": \"https://x/\", \"signing\": \"${x}\"", "/steps/one/signing", "write its properties")]
    [InlineData("\"url\": null", "/steps/one/url", "Expected a text, not null")]
    public async Task MistakeInAConfig_IsSaidAtItsPlace(string properties, string at, string expected)
    {
        var problem = await compiling.OnlySendProblemAsync(properties);
        Assert.Equal(at, problem.Pointer);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LiteralProperty_IsTakenAsWritten()
    {
        var template = await compiling.SendAsync("""
            "url": "https://x/", "pattern": "${x}"
            """);
        Assert.Equal("${x}", Assert.IsType<SendTestStep.Config>(template.Constant).Pattern);
    }

    [Theory]
    [InlineData("""{ "type": "hook", "path": "${x}" }""", "/triggers/in/path", "no event is there yet")]
    [InlineData("""{ "type": "hook", "path": "x" }""", "/triggers/in/path", "must begin with /")]
    [InlineData("""{ "type": "hook", "path": "/x", "secret": "NONE" }""", "/triggers/in/secret", "There is no secret \"NONE\"")]
    [InlineData("""{ "type": "hook", "path": "/x", "password": "${secret.NONE}" }""", "/triggers/in/password", "There is no secret \"NONE\"")]
    [InlineData("""{ "type": "hook", "path": "/x", "start": "none" }""", "/triggers/in/start", "There is no step \"none\"")]
    [InlineData("""{ "type": "hook", "path": "/x", "start": 5 }""", "/triggers/in/start", "Expected a step id")]
    [InlineData("""{ "type": "hook" }""", "/triggers/in", "\"path\" is missing")]
    [InlineData("""{ "type": "hook", "path": "/x", "name": "n" }""", "/triggers/in/name", "Unknown property")]
    public async Task MistakeInATrigger_IsSaidAtItsPlace(string trigger, string at, string expected)
    {
        var problem = await compiling.OnlyProblemAsync($$"""{ "triggers": { "in": {{trigger}} }, "steps": { "one": { "type": "log", "message": "x" } } }""");
        Assert.Equal(at, problem.Pointer);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switch_HasItsCasesAsOutcomes()
    {
        var version = await compiling.VersionAsync("""{ "steps": { "s": { "type": "switch", "cases": { "big": "${input > 5}" }, "next": { "big": "l", "default": "l" } }, "l": { "type": "log", "message": "x" } } }""");
        Assert.Equal(["big", "default"], version.Steps["s"].Next.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Scripts_BecomeUnitsOfTheProgram()
    {
        compiling.Scripts["lib/a.ts"] = "export default () => 1";
        var version = await compiling.VersionAsync("""{ "steps": { "a": { "type": "script", "file": "lib/a.ts", "next": "b" }, "b": { "type": "script", "code": ["const x = 1;", "return x;"] } } }""");
        Assert.Equal([new ModuleUnit("script/a", "lib/a.ts", "export default () => 1"), new FunctionUnit("script/b", "/steps/b/code", "const x = 1;\nreturn x;")], version.Program.Units);
        Assert.Equal("export default () => 1", version.Source.Files["lib/a.ts"]);
    }

    [Fact]
    public async Task ScriptProblem_InAFile_IsPlacedInThatFile()
    {
        compiling.Scripts["a.js"] = "export default ( => 1";
        compiling.ScriptProblems.Add(new ScriptProblem("Unexpected token '=>'", "a.js", 1, 18, null));
        var problem = await compiling.OnlyProblemAsync("""{ "steps": { "a": { "type": "script", "file": "a.js" } } }""");
        Assert.Equal(("shop/a.js", 1, 18), (problem.File, problem.Line, problem.Column));
    }

    [Fact]
    public async Task ScriptProblem_InLinesOfCode_IsPlacedAtTheLine()
    {
        compiling.ScriptProblems.Add(new ScriptProblem("Unexpected token", "/steps/a/code", 2, 3, null));
        var problem = await compiling.OnlyProblemAsync("{ \"steps\": { \"a\": { \"type\": \"script\", \"code\": [\n\"a\",\n\"b b\"] } } }");
        Assert.Equal(("/steps/a/code/1", 3), (problem.Pointer, problem.Line));
        Assert.Contains("line 2, column 3", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptProblem_InAnExpression_IsPlacedAtTheString()
    {
        compiling.ScriptProblems.Add(new ScriptProblem("Unexpected token", null, 1, 1, "/steps/a/message"));
        var problem = await compiling.OnlyProblemAsync("{ \"steps\": { \"a\": { \"type\": \"log\",\n  \"message\": \"${a b}\" } } }");
        Assert.Equal(("/steps/a/message", 2, 14), (problem.Pointer, problem.Line, problem.Column));
    }

    [Fact]
    public async Task ScriptsAndExpressions_AreChecked_BesideOtherProblems()
    {
        compiling.ScriptProblems.Add(new ScriptProblem("Unexpected token", null, 1, 1, "/steps/b/message"));
        var compiled = await compiling.FileAsync("""
            {
              "steps": {
                "a": { "type": "lgo", "next": "b" },
                "b": { "type": "log", "message": "${a b}", "lvel": "info", "next": "c" },
                "c": { "type": "script", "code": "return (", "next": "nowhere" }
              }
            }
            """);
        Assert.Equal(["expressions/b", "script/c"], Assert.Single(compiling.Checked).Units.Select(u => u.Id));
        Assert.Equal(["/steps/a/type", "/steps/b/message", "/steps/b/lvel", "/steps/c/next"], compiled.Problems.Select(p => p.Pointer));
    }

    [Fact]
    public async Task OtherProblems_AreListed_WhereTheSandboxIsMissing()
    {
        compiling.Sandbox = false;
        var problem = await compiling.OnlyProblemAsync("""{ "steps": { "a": { "type": "log", "message": "${input}", "lvel": "info" } } }""");
        Assert.Equal("/steps/a/lvel", problem.Pointer);
    }

    [Fact]
    public async Task Hash_DoesNotDependOnLayout()
    {
        var one = await compiling.VersionAsync("""{ "steps": { "a": { "type": "log", "message": "x" } }, "name": "n" }""");
        var two = await compiling.VersionAsync("{\"name\":\"n\",\n\"steps\":{\"a\":{\"message\":\"x\",\"type\":\"log\"}}}");
        Assert.Equal(one.Hash, two.Hash);
        Assert.Matches("^[0-9a-f]{16}$", one.Hash);
    }

    [Fact]
    public async Task Hash_ChangesWithAScript()
    {
        const string file = """{ "steps": { "a": { "type": "script", "file": "a.js" } } }""";
        compiling.Scripts["a.js"] = "export default () => 1";
        var before = await compiling.VersionAsync(file);
        compiling.Scripts["a.js"] = "export default () => 2";
        Assert.NotEqual(before.Hash, (await compiling.VersionAsync(file)).Hash);
    }

    [Fact]
    public async Task StoredVersion_CompilesToTheSame_WithoutFilesAndSecrets()
    {
        compiling.Scripts["a.js"] = "export default () => 1";
        var version = await compiling.VersionAsync("""{ "steps": { "a": { "type": "script", "file": "a.js", "next": "b" }, "b": { "type": "send", "url": "${secret.URL}/${input}" } } }""");
        compiling.Secrets.Clear();
        compiling.Scripts.Clear();
        var stored = Automation.Server.Values.Json.From(version.Source).To<VersionSource>()!;
        var again = compiling.Compiler.Compile("shop/order", stored);
        Assert.Empty(again.Problems);
        Assert.Equal((version.Hash, version.Program.Id), (again.Version!.Hash, again.Version.Program.Id));
        Assert.Equal(version.Program.Units.Select(u => u.Id), again.Version.Program.Units.Select(u => u.Id));
    }

    [Fact]
    public async Task FileWithByteOrderMark_IsRead() =>
        Assert.Empty((await compiling.Compiler.CompileAsync("a", Encoding.UTF8.GetBytes("\uFEFF" + Good), _ => default, CancellationToken.None)).Problems);

    [Fact]
    public async Task TriggersOfOneFile_ThatDoNotGoTogether_AreReported()
    {
        var problem = await compiling.OnlyProblemAsync("""{ "triggers": { "a": { "type": "hook", "path": "/x" }, "b": { "type": "hook", "path": "/x" } }, "steps": { "one": { "type": "log", "message": "x" } } }""");
        Assert.Equal(("/triggers/b/path", "Another trigger has this path."), (problem.Pointer, problem.Message));
    }
}
