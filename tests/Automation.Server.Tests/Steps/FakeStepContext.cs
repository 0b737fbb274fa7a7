using Automation.Server.Deliveries;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Steps;

/// <summary>A step run outside of the engine: remembers what the step did.</summary>
internal sealed class FakeStepContext(string input = "null") : StepContext
{
    public List<(string Level, string Text)> Lines { get; } = [];

    public Json? Variables { get; private set; }

    public Json ScriptResult { get; init; } = Json.Null;

    public override StepDefinition Step => throw new NotSupportedException();

    public override Event Event => throw new NotSupportedException();

    public override Json Input { get; } = Json.Parse(input);

    public override long RunId => 1;

    public override int Round => 0;

    public override string IdempotencyKey => "run_1.step.0";

    public override DateTimeOffset Now => DateTimeOffset.UnixEpoch;

    public override CancellationToken Cancelled => CancellationToken.None;

    public override bool TimedOut => false;

    public override long Queue(DeliveryRequest delivery) => throw new NotSupportedException();

    public override bool Respond(ResponseToCaller response) => throw new NotSupportedException();

    public override void SetVariables(Json values) => Variables = values;

    public override void Log(string level, string text) => Lines.Add((level, text));

    public override ValueTask<Json> CallScriptAsync() => ValueTask.FromResult(ScriptResult);
}
