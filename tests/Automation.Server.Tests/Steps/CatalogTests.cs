using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Triggers;
using Automation.Server.Workflows.Configs;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Server.Tests.Steps;

public sealed class CatalogTests
{
    private static readonly IServiceProvider Services = new ServiceCollection().AddSingleton("from the container").BuildServiceProvider();

    [Fact]
    public void Steps_GetTheirPartsFromTheContainer()
    {
        Assert.True(StepCatalog.Of([typeof(Needy)], Services).TryGet("needy", out var entry));
        Assert.Equal("from the container", ((Needy)entry.Step).Part);
    }

    [Fact]
    public void TwoStepsOfOneName_AreRefused()
    {
        var refused = Assert.Throws<InvalidOperationException>(() => StepCatalog.Of([typeof(LogStep), typeof(SecondLog)], Services));
        Assert.Contains("\"log\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ConfigThatTakesANameOfEveryStep_IsRefused() =>
        Assert.Contains("\"next\"", Assert.Throws<InvalidOperationException>(() => StepCatalog.Of([typeof(Greedy)], Services)).Message, StringComparison.Ordinal);

    [Fact]
    public void ConfigMayHaveATimeoutOfItsOwn() => Assert.True(StepCatalog.Of([typeof(Timed)], Services).TryGet("timed", out _));

    [Fact]
    public void Types_AreSortedByName() =>
        Assert.Equal(["fail", "if", "log"], StepCatalog.Of([typeof(LogStep), typeof(IfStep), typeof(FailStep)], Services).Types.Select(t => t.Name));

    [Fact]
    public void TwoTriggersOfOneName_AreRefused() => Assert.Throws<InvalidOperationException>(() => TriggerCatalog.Of([typeof(FirstTrigger), typeof(SecondTrigger)], Services));

    [Fact]
    public void Schema_IsOfTheConfigAlone()
    {
        Assert.True(StepCatalog.Of([typeof(IfStep)], Services).TryGet("if", out var entry));
        Assert.Equal(["condition"], entry.Schema["properties"]!.AsObject().Select(p => p.Key));
    }

    [Fact]
    public void EveryConfigRecordOfTheServer_HasASchema_AndTakesNoSharedName()
    {
        var types = typeof(StepCatalog).Assembly.GetTypes();
        var steps = types.Where(t => t.GetCustomAttribute<StepTypeAttribute>() is not null).Select(t => t.BaseType!.GenericTypeArguments[0]).ToList();
        var triggers = types.Where(t => t.GetCustomAttribute<TriggerTypeAttribute>() is not null).Select(t => t.BaseType!.GenericTypeArguments[0]).ToList();
        Assert.NotEmpty(steps);
        Assert.All(steps.Concat(triggers), config => Assert.Equal("object", (string?)ConfigSchema.Of(config, expressions: true)["type"]));
        Assert.All(steps, config => Assert.DoesNotContain(ConfigShape.Of(config).Properties, p => p.Name is "type" or "next" or "disabled" or "name" or "notes" or "retry"));
        Assert.All(triggers, config => Assert.DoesNotContain(ConfigShape.Of(config).Properties, p => p.Name is "type" or "start"));
    }

    [StepType("needy", Title = "Needy", Category = "Logic", Icon = "x")]
    private sealed class Needy(string part) : Step<Needy.Config>
    {
        public string Part => part;

        protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => throw new NotSupportedException();

        public sealed record Config;
    }

    [StepType("log", Title = "Log", Category = "Logic", Icon = "x")]
    private sealed class SecondLog : Step<SecondLog.Config>
    {
        protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => throw new NotSupportedException();

        public sealed record Config;
    }

    [StepType("greedy", Title = "Greedy", Category = "Logic", Icon = "x")]
    private sealed class Greedy : Step<Greedy.Config>
    {
        protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => throw new NotSupportedException();

        public sealed record Config(string Next);
    }

    [StepType("timed", Title = "Timed", Category = "Logic", Icon = "x")]
    private sealed class Timed : Step<Timed.Config>
    {
        protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => throw new NotSupportedException();

        public sealed record Config([property: Range(1, 5)] int Timeout);
    }

    [TriggerType("one", Title = "One", Icon = "x")]
    private sealed class FirstTrigger : TriggerType<FirstTrigger.Config>
    {
        public sealed record Config;
    }

    [TriggerType("one", Title = "One", Icon = "x")]
    private sealed class SecondTrigger : TriggerType<SecondTrigger.Config>
    {
        public sealed record Config;
    }
}
