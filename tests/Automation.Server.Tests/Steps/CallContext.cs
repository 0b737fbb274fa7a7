using System.Collections.Frozen;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Steps;

/// <summary>A step run outside of any run; keeps what the step queued.</summary>
internal sealed class CallContext(Step type, string input = "{}", TimeSpan? timeout = null, CancellationToken cancelled = default) : StepContext
{
    public List<DeliveryRequest> Queued { get; } = [];

    public override StepDefinition Step { get; } = new("call", "", type, null!, FrozenDictionary<string, string[]>.Empty, null, timeout, false, "call");

    public override Event Event => throw new NotSupportedException();

    public override Json Input { get; } = Json.Parse(input);

    public override long RunId => 1;

    public override int Round => 0;

    public override string IdempotencyKey => "run_1.call.0";

    public override DateTimeOffset Now => DateTimeOffset.UnixEpoch;

    public override CancellationToken Cancelled => cancelled;

    public override bool TimedOut => timeout is not null && cancelled.IsCancellationRequested;

    public override long Queue(DeliveryRequest delivery)
    {
        Queued.Add(delivery);
        return 32;
    }

    public override bool Respond(ResponseToCaller response) => throw new NotSupportedException();

    public override void SetVariables(Json values) => throw new NotSupportedException();

    public override void Log(string level, string text)
    {
    }

    public override ValueTask<Json> CallScriptAsync() => throw new NotSupportedException();
}

/// <summary>Loading one step; keeps the problems as <c>pointer: message</c>.</summary>
internal sealed class CheckedStep(string config) : StepCheck
{
    public List<string> Problems { get; } = [];

    public override string StepId => "call";

    public override JsonElement Config { get; } = JsonElement.Parse(config);

    public override void Problem(string pointer, string message) => Problems.Add($"{pointer}: {message}");

    public override void Missing(string pointer, string message) => Problem(pointer, message);

    /// <summary>Those the step needs.</summary>
    public List<string> Secrets { get; } = [];

    public override void Secret(string pointer, string name) => Secrets.Add(name);

    public override void Outcome(string name)
    {
    }

    public override void Script(SandboxUnit unit) => throw new NotSupportedException();

    public override string? ReadFile(string pointer, string file) => throw new NotSupportedException();
}
