namespace Automation.Server.Steps;

/// <summary>Makes a class a step type: its name in workflow files and how the palette shows it.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class StepTypeAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    public required string Title { get; init; }

    /// <summary>One of <c>Logic</c>, <c>Devices</c>, <c>Data</c>, <c>Actions</c>, <c>Triggers</c>: the palette's groups.</summary>
    public required string Category { get; init; }

    /// <summary>A Lucide icon's name.</summary>
    public required string Icon { get; init; }

    /// <summary>The outcomes every step of this type has; <see cref="Step.Check"/> may declare more. <c>error</c> is always there.</summary>
    public string[] Outcomes { get; init; } = ["done"];

    /// <summary>The one of the outcomes that leads to the steps of a loop's rounds; null for step types that are no loop.</summary>
    public string? Body { get; init; }

    /// <summary>True when the step remembers something of each key, so that its workflow needs one.</summary>
    public bool PerKey { get; init; }

    /// <summary>True when the step reaches outside at once: the run is saved before it (design, run engine).</summary>
    public bool Effect { get; init; }
}

/// <summary>A config property taken as written: no <c>${…}</c> in it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LiteralAttribute : Attribute;
