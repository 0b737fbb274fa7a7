using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Steps.Types.Devices;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Server.Tests.Workflows;

/// <summary>A step type with every kind of property.</summary>
[StepType("send", Title = "Send", Category = "Actions", Icon = "send", Effect = true)]
[Description("Sends.")]
internal sealed class SendTestStep : Step<SendTestStep.Config>
{
    public enum Mode
    {
        Fast,
        VerySlow,
    }

    public sealed record Options(
        [property: Description("How deep."), Range(0, 5)] int Depth,
        bool Strict = false);

    public sealed record Signing(SecretText Secret, string Scheme = "hmac");

    public sealed record Config(
        [property: Description("Absolute address."), Url] SecretText Url,
        IReadOnlyDictionary<string, SecretText>? Headers = null,
        SecretJson? Body = null,
        [property: Range(1, 50)] int Attempts = 10,
        [property: Range(typeof(TimeSpan), "00:00:01", "00:01:00")] Duration? Wait = null,
        ByteSize? Limit = null,
        Mode Mode = Mode.Fast,
        [property: Literal] string? Pattern = null,
        string? Note = null,
        IReadOnlyList<int>? Codes = null,
        Options? Options = null,
        Signing? Signing = null,
        double Ratio = 1,
        Json? Data = null);

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => ValueTask.FromResult(StepResult.Done(context.Input));
}

[TriggerType("hook", Title = "Hook", Icon = "webhook")]
internal sealed class HookTestTrigger : TriggerType<HookTestTrigger.Config>
{
    public sealed record Config(string Path, IReadOnlyList<string>? Methods = null, string? Secret = null, SecretText? Password = null);

    public override void CheckTogether(IEnumerable<(string Id, object Config)> triggers, Action<string, string, string> problem)
    {
        foreach (var (id, _) in triggers.GroupBy(t => ((Config)t.Config).Path).SelectMany(same => same.Skip(1))) problem(id, "/path", "Another trigger has this path.");
    }

    public override void Check(TriggerCheck check)
    {
        if (TriggerCheck.Text(check.Config, "path") is { } path && !path.StartsWith('/')) check.Problem("/path", "The path must begin with /.");
        if (TriggerCheck.Text(check.Config, "secret") is { } secret) check.Secret("/secret", secret);
    }
}

internal static class TestCatalogs
{
    private static readonly IServiceProvider Services = new ServiceCollection().BuildServiceProvider();

    public static StepCatalog Steps { get; } = StepCatalog.Of(
        [typeof(ScriptStep), typeof(IfStep), typeof(SwitchStep), typeof(SetStep), typeof(FilterStep), typeof(LogStep), typeof(FailStep), typeof(SendTestStep), .. typeof(DebounceStep).Assembly.GetTypes().Where(t => t.Namespace == typeof(DebounceStep).Namespace && t.IsAssignableTo(typeof(Step)))],
        Services);

    public static TriggerCatalog Triggers { get; } = TriggerCatalog.Of([typeof(HookTestTrigger)], Services);
}
