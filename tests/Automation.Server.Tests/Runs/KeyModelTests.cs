using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Server.Values;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Server.Tests.Runs;

/// <summary>
/// Whatever the interleaving of events of several keys, time that goes by, kills and restarts: what the engine holds at the end is what a plain replay of the accepted events gives.
/// The long form: <c>AUTOMATION_MODEL_MINUTES=30 ./test Server</c>. A failure prints the smallest example found and the seed; <c>AUTOMATION_MODEL_SEED=123,457</c> repeats it.
/// </summary>
public sealed class KeyModelTests(ITestOutputHelper output)
{
    private const string Workflow =
        """
        { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/PATH/{device}" } },
          "steps": {
            "seen": { "type": "script", "code": "(state.log ??= []).push('' + event.data); return event.data", "next": "calm" },
            "calm": { "type": "debounce", "for": "5s", "maxWait": "12s", "next": { "done": "calmed", "held": "slow" } },
            "calmed": { "type": "script", "code": "state.log.push('calm ' + input)" },
            "slow": { "type": "throttle", "per": "7s", "emit": "last", "next": { "done": "slowed", "held": "new" } },
            "slowed": { "type": "script", "code": "state.log.push('slow ' + input)" },
            "new": { "type": "changed", "value": "${event.data}", "deadband": 1, "next": { "done": "renewed", "dropped": "level" } },
            "renewed": { "type": "script", "code": "state.log.push('new ' + input); return input", "next": "level" },
            "level": { "type": "threshold", "value": "${event.data}", "above": 6, "clearBelow": 4, "for": "4s", "next": { "raised": "told", "cleared": "told" } },
            "told": { "type": "script", "code": "state.log.push(steps.level.outcome + ' ' + input)" } } }
        """;

    private static readonly Gen<Act[]> Acts = Gen.Frequency(
        (8, from key in Gen.Elements("a", "b", "c") from value in Gen.Choose(0, 9) select (Act)new Send(key, value)),
        (4, Gen.Choose(1, 9000).Select(by => (Act)new Pass(by))),
        (1, Gen.Constant((Act)new Crash()))).ArrayOf();

    private static readonly Arbitrary<Act[]> Examples = Arb.From(Acts.Resize(30), Smaller);

    [Fact]
    public async Task Engine_HoldsWhatAPlainReplayGives()
    {
        var minutes = Environment.GetEnvironmentVariable("AUTOMATION_MODEL_MINUTES") is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : 0.3;
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Sandbox:WallTime", "01:00:00"));
        var (clock, cases, kills) = (Stopwatch.StartNew(), 0, 0);
        var property = Prop.ForAll(Examples, acts =>
        {
            if (clock.Elapsed.TotalMinutes > minutes && !IsShrinking) return true; // bounded by time, not by count
            cases++;
            kills += acts.Count(act => act is Crash);
            var difference = DifferenceAsync(server, time, acts).GetAwaiter().GetResult();
            IsShrinking |= difference is not null;
            if (difference is not null) output.WriteLine($"{string.Join(", ", acts.AsEnumerable())}\n  {difference}");
            return difference is null;
        });
        var config = Config.QuickThrowOnFailure.WithMaxTest(minutes < 1 ? 40 : 100_000).WithQuietOnSuccess(true);
        if (Environment.GetEnvironmentVariable("AUTOMATION_MODEL_SEED") is { } seed && seed.Split(',') is [var first, var second])
        {
            config = config.WithReplay(ulong.Parse(first, CultureInfo.InvariantCulture), ulong.Parse(second, CultureInfo.InvariantCulture));
        }

        property.Check(config); // its exception has the seed and the smallest example
        output.WriteLine($"{cases} cases with {kills} kills in {clock.Elapsed.TotalSeconds:0} s");
        Assert.True(cases > 0);
    }

    [Fact]
    public void Example_IsShrunkToTheActsThatItTakes()
    {
        Act[] smallest = [];
        var property = Prop.ForAll(Examples, acts =>
        {
            var fails = acts.Any(act => act is Send { Key: "b", Value: > 3 }) && acts.Any(act => act is Crash);
            if (fails) smallest = acts;
            return !fails;
        });
        var failure = Assert.ThrowsAny<Exception>(() => property.Check(Config.QuickThrowOnFailure.WithMaxTest(2000)));
        Assert.Equal(2, smallest.Length);
        Assert.Contains("seed", failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static int paths;

    private bool IsShrinking { get; set; }

    /// <summary>Without a half, then without each one.</summary>
    private static IEnumerable<Act[]> Smaller(Act[] acts)
    {
        if (acts.Length > 3)
        {
            yield return acts[..(acts.Length / 2)];
            yield return acts[(acts.Length / 2)..];
        }

        for (var i = 0; i < acts.Length; i++) yield return [.. acts[..i], .. acts[(i + 1)..]];
    }

    /// <summary>Null when the engine holds what the model does.</summary>
    private static async Task<string?> DifferenceAsync(WorkflowServer server, ManualTime time, Act[] acts)
    {
        var id = await server.AddAsync(Workflow.Replace("PATH", $"model{++paths}", StringComparison.Ordinal));
        var path = JsonNode.Parse(File.ReadAllText(Path.Combine(server.Folder, "workflows", id + ".json")))!["triggers"]!["in"]!["path"]!.GetValue<string>().Split('/')[1];
        var model = new Model();
        foreach (var act in acts)
        {
            switch (act)
            {
                case Send(var key, var value):
                    using (var answer = await server.Http.PostAsync(new Uri($"/hooks/{path}/{key}", UriKind.Relative), WorkflowServer.Json(value.ToString(CultureInfo.InvariantCulture)))) Assert.Equal(202, (int)answer.StatusCode);
                    model.Accept(key, value, time.GetUtcNow());
                    break;
                case Pass(var by):
                    time.Advance(TimeSpan.FromMilliseconds(by));
                    break;
                default:
                    await server.CrashAsync();
                    await server.StartAsync();
                    break;
            }
        }

        time.Advance(TimeSpan.FromMinutes(1));
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0 && server.Count($"SELECT count(*) FROM key_timers WHERE workflow_id = '{id}'") == 0 && server.Count($"SELECT count(*) FROM runs WHERE workflow_id = '{id}' AND ended_at IS NULL") == 0);
        Assert.Equal(0, server.Count($"SELECT count(*) FROM runs WHERE workflow_id = '{id}' AND state <> 'succeeded'"));
        foreach (var (key, expected) in model.Logs(time.GetUtcNow()))
        {
            var held = JsonNode.Parse(server.GetState(id, key))!["log"]!.ToJsonString(JsonFormat.Wire);
            var wanted = Json.From(expected).ToString();
            if (held != wanted) return $"key {key} holds {held}, a replay gives {wanted}";
        }

        return null;
    }

    internal abstract record Act;

    internal sealed record Send(string Key, int Value) : Act;

    internal sealed record Pass(int Milliseconds) : Act;

    internal sealed record Crash : Act;

    /// <summary>What the workflow above means, without an engine: each key on its own, its events in their order, its timers at their times.</summary>
    private sealed class Model
    {
        private readonly SortedDictionary<string, Device> devices = new(StringComparer.Ordinal);

        public void Accept(string key, int value, DateTimeOffset at)
        {
            if (!devices.TryGetValue(key, out var device)) devices.Add(key, device = new Device());
            device.Accept(value, at.ToUnixTimeMilliseconds());
        }

        public IEnumerable<(string Key, List<string> Log)> Logs(DateTimeOffset end)
        {
            foreach (var (key, device) in devices)
            {
                device.PassUntil(end.ToUnixTimeMilliseconds());
                yield return (key, device.Log);
            }
        }
    }

    private sealed class Device
    {
        private readonly SortedDictionary<string, (long Due, int Value)> timers = new(StringComparer.Ordinal);
        private long burstSince, slowUntil, levelSince;
        private int? lastNew;
        private bool isRaised;

        public List<string> Log { get; } = [];

        public void Accept(int value, long at)
        {
            PassUntil(at);
            Log.Add(value.ToString(CultureInfo.InvariantCulture));
            if (!timers.ContainsKey("calm")) burstSince = at;
            timers["calm"] = (Math.Min(at + 5000, burstSince + 12_000), value);
            if (!timers.ContainsKey("slow")) slowUntil = at + 7000;
            timers["slow"] = (slowUntil, value);
            if (lastNew is null || Math.Abs(value - lastNew.Value) > 1)
            {
                lastNew = value;
                Log.Add($"new {value}");
            }

            if (isRaised ? value >= 4 : value <= 6) timers.Remove("level");
            else if (isRaised)
            {
                isRaised = false;
                Log.Add($"cleared {value}");
            }
            else
            {
                if (!timers.ContainsKey("level")) levelSince = at;
                timers["level"] = (levelSince + 4000, value);
            }
        }

        public void PassUntil(long at)
        {
            while (timers.Count > 0 && timers.MinBy(timer => timer.Value.Due) is var (step, (due, value)) && due <= at)
            {
                timers.Remove(step);
                isRaised |= step == "level";
                Log.Add($"{(step == "level" ? "raised" : step)} {value}");
            }
        }
    }
}
