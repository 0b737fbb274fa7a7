using Automation.Server.Steps;
using Automation.Server.Tests.Workflows;
using Automation.Server.Values;

namespace Automation.Server.Tests.Steps;

public sealed class StepTypesTests
{
    private readonly FakeStepContext context = new("""{"n":1}""") { ScriptResult = Json.Parse("[1]") };

    [Theory]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    public async Task If_GoesTheWayOfItsCondition_WithTheInput(string value, string outcome) =>
        Assert.Equal(StepResult.To(outcome, context.Input), await RunAsync("""{ "type": "if", "condition": "${x}" }""", value));

    [Theory]
    [InlineData("\"yes\"", "the text \"yes\"")]
    [InlineData("1", "the number 1")]
    [InlineData("null", "null")]
    [InlineData("{}", "an object")]
    public async Task If_FailsOnAConditionThatIsNoBoolean_NamingIt(string value, string named)
    {
        var error = await FailureAsync("""{ "type": "if", "condition": "${x}" }""", value);
        Assert.Equal(("config_invalid", $"condition: Expected true or false, not {named}."), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("true", "done")]
    [InlineData("false", "rejected")]
    public async Task Filter_RejectsWhenTheConditionDoesNotHold(string value, string outcome) =>
        Assert.Equal(StepResult.To(outcome, context.Input), await RunAsync("""{ "type": "filter", "condition": "${x}" }""", value));

    [Theory]
    [InlineData("1", "one")]
    [InlineData("1.0", "one")]
    [InlineData("\"1\"", "text")]
    [InlineData("3", "few")]
    [InlineData("{\"b\":[2],\"a\":1}", "object")]
    [InlineData("null", "nothing")]
    [InlineData("9", "default")]
    public async Task Switch_TakesTheFirstCaseThatEquals(string value, string outcome) => Assert.Equal(
        StepResult.To(outcome, context.Input),
        await RunAsync("""{ "type": "switch", "value": "${x}", "cases": { "one": 1, "few": [2, 3, 1], "text": "1", "object": { "a": 1, "b": [2] }, "nothing": null } }""", value));

    [Fact]
    public async Task Switch_WithoutValue_TakesTheFirstCaseThatIsTrue() =>
        Assert.Equal("b", (await RunAsync("""{ "type": "switch", "cases": { "a": "${x}", "b": "${y}", "c": "${z}" } }""", "false, true, true")).Outcome);

    [Fact]
    public async Task Set_SetsVariables_AndHandsThemOn()
    {
        var result = await RunAsync("""{ "type": "set", "values": { "b": "${x}", "a": "n ${x}" } }""", "5, 5");
        Assert.Equal("""{"b":5,"a":"n 5"}""", context.Variables.ToString());
        Assert.Equal(StepResult.Done(context.Variables!.Value), result);
    }

    [Fact]
    public async Task Log_WritesALine_AndHandsTheInputOn()
    {
        var result = await RunAsync("""{ "type": "log", "message": "n is ${x}", "level": "warn", "data": { "n": "${x}" } }""", "5, 5");
        Assert.Equal(("warn", """n is 5 {"n":5}"""), Assert.Single(context.Lines));
        Assert.Equal(StepResult.Done(context.Input), result);
    }

    [Fact]
    public async Task Fail_FailsWithItsCodeAndMessage_AndIsNotTriedAgain()
    {
        var error = await FailureAsync("""{ "type": "fail", "message": "No room ${x}", "code": "no_room" }""", "5");
        Assert.Equal(("no_room", "No room 5", false), (error.Code, error.Message, error.Retryable));
    }

    [Fact]
    public async Task Script_HandsOnWhatItReturns() =>
        Assert.Equal(StepResult.Done(Json.Parse("[1]")), await RunAsync("""{ "type": "script", "code": "return [1]" }""", ""));

    private async Task<StepError> FailureAsync(string step, string values) => (await Assert.ThrowsAsync<StepException>(async () => await RunAsync(step, values))).Error;

    private async Task<StepResult> RunAsync(string step, string values)
    {
        var version = await new Compiling().VersionAsync($$"""{ "steps": { "one": {{step}} } }""");
        var one = version.Steps["one"];
        return await one.Type.RunAsync(one.Config.Fill(Json.Parse($"[{values}]")), context);
    }
}
