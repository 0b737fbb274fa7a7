using Automation.Server.Deliveries;
using Automation.Server.Steps;
using Automation.Server.Tests.Workflows;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Steps.Devices;

/// <summary>One device step and the events of one key on a line of time: a timer goes before the events that come at its time or later.</summary>
/// <remarks>Lines of what happened read <c>second outcome output</c>; what a timer told is marked by <c>*</c>.</remarks>
internal sealed class DeviceTimeline(StepDefinition step)
{
    private readonly List<string> lines = [];
    private readonly Dictionary<long, Event> events = [];
    private StepMemory? memory;
    private TimerRequest? timer;
    private long timerEvent;
    private Json timerInput;

    /// <summary>A step with its config; values of events are <c>${x}</c> in it.</summary>
    public static async Task<DeviceTimeline> OfAsync(string config)
    {
        var version = await new Compiling().VersionAsync($$"""{ "key": "one", "steps": { "one": {{config}} } }""");
        return new DeviceTimeline(version.Steps["one"]);
    }

    /// <summary>What happened since the last call.</summary>
    public string Take()
    {
        var all = string.Join(", ", lines);
        lines.Clear();
        return all;
    }

    /// <summary>An event at each second given, with a value for all expressions of the step.</summary>
    public async Task<DeviceTimeline> SendAsync(params (double At, string Value)[] sent)
    {
        foreach (var (at, value) in sent)
        {
            await AdvanceAsync(at);
            var accepted = new Event { Id = events.Count + 1, Trigger = "webhook", Type = "x", Source = "/x", AcceptedAt = Time(at), Attributes = Json.Parse("{}"), Body = Json.Parse(value).Utf8, ContentType = "application/json" };
            events.Add(accepted.Id, accepted);
            await RunAsync(accepted, accepted.Data, isTimer: false);
        }

        return this;
    }

    /// <summary>Time goes on.</summary>
    public async Task<DeviceTimeline> AdvanceAsync(double to)
    {
        while (timer is { } due && due.DueAt <= Time(to))
        {
            timer = null;
            var held = events[timerEvent];
            await RunAsync(new Event { Id = held.Id, Trigger = "timer", Type = held.Type, Source = held.Source, AcceptedAt = due.DueAt, Attributes = held.Attributes, Body = held.Body, ContentType = held.ContentType }, timerInput, isTimer: true);
        }

        return this;
    }

    public static DateTimeOffset Time(double seconds) => DateTimeOffset.UnixEpoch.AddMilliseconds(1_000_000_000_000 + (seconds * 1000));

    private async Task RunAsync(Event accepted, Json input, bool isTimer)
    {
        var context = new Context(this, accepted, input, isTimer);
        var count = step.Config.Expressions?.Expressions.Length ?? 0;
        var result = await step.Type.RunAsync(step.Config.Fill(Json.From(Enumerable.Repeat(isTimer ? Json.Null : input, count))), context);
        lines.Add($"{(accepted.AcceptedAt - Time(0)).TotalSeconds}{(isTimer ? "*" : "")} {result.Outcome} {result.Output}");
    }

    private sealed class Context(DeviceTimeline line, Event accepted, Json input, bool isTimer) : StepContext
    {
        public override StepDefinition Step => line.step;

        public override Event Event => accepted;

        public override Json Input => input;

        public override long RunId => 1;

        public override int Round => 0;

        public override string IdempotencyKey => "run_1.one";

        public override DateTimeOffset Now => throw new NotSupportedException("A device step looks at no clock.");

        public override CancellationToken Cancelled => CancellationToken.None;

        public override bool TimedOut => false;

        public override bool IsTimer => isTimer;

        public override StepMemory? Memory => line.memory is { } memory && !(memory.ForgetAt <= accepted.AcceptedAt) ? memory : null;

        public override bool TryRemember(Json? state, DateTimeOffset? forgetAt, TimerRequest? timer)
        {
            line.memory = state is null ? null : new StepMemory(line.step.TypeName, state.Value, forgetAt);
            (line.timer, line.timerEvent, line.timerInput) = (timer, timer?.Held?.EventId ?? accepted.Id, timer?.Held?.Input ?? input);
            return true;
        }

        public override long Queue(DeliveryRequest delivery) => throw new NotSupportedException();

        public override bool Respond(ResponseToCaller response) => throw new NotSupportedException();

        public override void SetVariables(Json values) => throw new NotSupportedException();

        public override void Log(string level, string text) => throw new NotSupportedException();

        public override ValueTask<Json> CallScriptAsync() => throw new NotSupportedException();

        public override ValueTask<Json> CallScriptAsync(Json input) => ValueTask.FromResult(input);
    }

    private readonly StepDefinition step = step;
}
