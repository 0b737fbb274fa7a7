using System.Text;
using Automation.Server.Tests.Workflows;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Schedules;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Server.Tests.Triggers.Schedules;

public sealed class ScheduleCheckTests
{
    [Theory]
    [InlineData(""" "cron": "0 8 * * MON-FRI" """, "")]
    [InlineData(""" "cron": "0 8 * * *", "timeZone": "Europe/Berlin", "missed": "skip", "data": { "a": [1, null, "x"] } """, "")]
    [InlineData(""" "every": "1s", "missed": "all" """, "")]
    [InlineData(""" "every": "P7D", "data": null """, "")]
    [InlineData(""" "missed": "once" """, ": A schedule has either \"cron\", as \"0 8 * * MON-FRI\", or \"every\", as \"15m\".")]
    [InlineData(""" "cron": "0 8 * * *", "every": "1h" """, ": A schedule has either \"cron\", as \"0 8 * * MON-FRI\", or \"every\", as \"15m\".")]
    [InlineData(""" "cron": "0 25 * * *" """, "/cron: \"25\" in the field hour is not a number from 0 to 23.")]
    [InlineData(""" "cron": "0 8 31 2 *" """, "/cron: No such day ever comes; look at day of month, month and day of week.")]
    [InlineData(""" "cron": 8 """, "/cron: Expected a text, not the number 8.")]
    [InlineData(""" "cron": "0 8 * * *", "timeZone": "Europe/Berln" """, "/timeZone: \"Europe/Berln\" is not a time zone that this server knows; name one as the IANA does, such as \"Europe/Berlin\". Did you mean \"Europe/Berlin\"?")]
    [InlineData(""" "every": "1h", "timeZone": "Europe/Berlin" """, "/timeZone: A time zone goes with \"cron\"; \"every\" counts from 1970-01-01T00:00:00Z. Leave it out.")]
    [InlineData(""" "every": "500ms" """, "/every: every must be from 1s to 366d, not 500ms.")]
    [InlineData(""" "every": "1.0005s" """, "/every: every must be whole milliseconds.")]
    [InlineData(""" "every": "400d" """, "/every: every must be from 1s to 366d, not 400d.")]
    [InlineData(""" "every": "often" """, "/every: Expected a duration such as \"250ms\", \"5s\", \"5m\", \"2h\", \"1d\" or \"PT5M\", not the text \"often\".")]
    [InlineData(""" "cron": "0 8 * * *", "missed": "never" """, "/missed: Expected one of \"skip\", \"once\", \"all\", not the text \"never\".")]
    [InlineData(""" "every": "1h", "data": "${event.x}" """, "/data: Expressions are not possible here, because no event is there yet; write the value itself, or $${ for a literal ${.")]
    public async Task Mistakes_AreReported_EachAtItsPlace(string config, string expected)
    {
        var problems = (await CompileAsync(config)).Problems;
        Assert.Equal(expected, string.Join('\n', problems.Select(problem => $"{problem.Pointer["/triggers/in".Length..]}: {problem.Message}")));
    }

    [Fact]
    public async Task AZoneThatThisServerLacks_DoesNotBreakAStoredVersion()
    {
        var good = (await CompileAsync(""" "cron": "0 8 * * *", "timeZone": "Europe/Berlin" """)).Version!;
        var source = good.Source with { Document = Json.Parse(good.Source.Document.ToString().Replace("Europe/Berlin", "Europe/Atlantis", StringComparison.Ordinal)) };
        var version = Compiler.Compile("w", source).Version;
        Assert.NotNull(version);
        Assert.Null(Schedule.TryOf((ScheduleTrigger.Config)version.Triggers["in"].Config));
    }

    private static WorkflowCompiler Compiler => new(
        TestCatalogs.Steps, TriggerCatalog.Of([typeof(ScheduleTrigger)], new ServiceCollection().BuildServiceProvider()), _ => null, (_, _) => Task.FromResult<IReadOnlyList<ScriptProblem>>([]));

    private static Task<CompiledWorkflow> CompileAsync(string config) => Compiler.CompileAsync(
        "w", Encoding.UTF8.GetBytes($$"""{ "triggers": { "in": { "type": "schedule", {{config}} } }, "steps": { "one": { "type": "send", "url": "http://a" } } }"""), _ => default, CancellationToken.None);
}
