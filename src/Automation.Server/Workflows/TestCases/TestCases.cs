using System.ComponentModel;
using Automation.Server.Values;

namespace Automation.Server.Workflows.TestCases;

/// <summary>A workflow's <c>ID.tests.json</c>: events, and what a run of each should do.</summary>
internal sealed record TestCaseList([property: Description("The cases by name.")] IReadOnlyDictionary<string, TestCase> Cases);

/// <summary>An event, and what its run should do.</summary>
internal sealed record TestCase(
    [property: Description("Id of the trigger that takes the event.")] string Trigger,
    [property: Description("The event as expressions see it: its attributes, and data. Without secrets: the file is committed.")] IReadOnlyDictionary<string, Json> Event,
    [property: Description("What the run should do; left out: end without a failure.")] TestExpectation? Expect = null,
    [property: Description("For people.")] string? Description = null);

/// <summary>What a run should do.</summary>
internal sealed record TestExpectation(
    [property: Description("How it should end, or waiting.")] ExpectedState State = ExpectedState.Succeeded,
    [property: Description("By step; steps that are not named may do what they like.")] IReadOnlyDictionary<string, ExpectedStep>? Steps = null);

/// <summary>How a run should end; <see cref="Waiting"/>: it should not yet.</summary>
internal enum ExpectedState
{
    Succeeded,
    Failed,
    Cancelled,
    Waiting,
}

/// <summary>What a step should do, the last time it runs.</summary>
internal sealed record ExpectedStep(
    [property: Description("As raised; any when left out.")] string? Outcome = null,
    [property: Description("Equal as JSON; any when left out or null.")] Json? Output = null);
