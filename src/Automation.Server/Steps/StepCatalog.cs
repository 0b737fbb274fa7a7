using System.Collections.Frozen;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Reflection;
using System.Text.Json.Nodes;
using Automation.Server.Values;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Steps;

/// <summary>All step types of this server, by name.</summary>
internal sealed class StepCatalog
{
    /// <summary>What every step has beside its config. A config record may take <c>timeout</c> for itself, where it has a meaning of its own; none of the others.</summary>
    private static readonly FrozenSet<string> Reserved = new[] { "type", "next", "disabled", "name", "notes", "retry" }.ToFrozenSet();

    private readonly FrozenDictionary<string, StepTypeEntry> types;

    private StepCatalog(FrozenDictionary<string, StepTypeEntry> types)
    {
        this.types = types;
        Types = [.. types.Values.OrderBy(t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<StepTypeEntry> Types { get; }

    /// <summary>Finds every class with <see cref="StepTypeAttribute"/> in the server's assembly.</summary>
    /// <exception cref="InvalidOperationException">Two classes have the same name, or a config record takes a name that every step has.</exception>
    public static StepCatalog Find(IServiceProvider services) =>
        Of(typeof(StepCatalog).Assembly.GetTypes().Where(t => t.GetCustomAttribute<StepTypeAttribute>() is not null), services);

    /// <summary>A catalogue of the given classes.</summary>
    /// <inheritdoc cref="Find"/>
    public static StepCatalog Of(IEnumerable<Type> classes, IServiceProvider services)
    {
        var types = new Dictionary<string, StepTypeEntry>(StringComparer.Ordinal);
        foreach (var type in classes.OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            var attribute = type.GetCustomAttribute<StepTypeAttribute>() ?? throw new InvalidOperationException($"{type} has no [StepType].");
            var step = (Step)ActivatorUtilities.CreateInstance(services, type);
            var shape = ConfigShape.Of(step.ConfigType);
            if (shape.Properties.FirstOrDefault(p => Reserved.Contains(p.Name)) is { } clash) throw new InvalidOperationException($"{step.ConfigType} has a property \"{clash.Name}\", which every step has.");
            if (!types.TryAdd(attribute.Name, new StepTypeEntry(attribute, type.GetCustomAttribute<DescriptionAttribute>()?.Description, step, shape)))
            {
                throw new InvalidOperationException($"{type} and {types[attribute.Name].Step.GetType()} are both the step type \"{attribute.Name}\".");
            }
        }

        return new StepCatalog(types.ToFrozenDictionary(StringComparer.Ordinal));
    }

    public bool TryGet(string name, out StepTypeEntry entry) => types.TryGetValue(name, out entry!);
}

/// <summary>A step type as the compiler, the schema and the palette see it.</summary>
internal sealed class StepTypeEntry(StepTypeAttribute attribute, string? description, Step step, ConfigShape shape)
{
    private readonly Lazy<JsonObject> schema = new(() => shape.Type == typeof(Json) ? ConfigSchema.OfFields(shape, expressions: true) : ConfigSchema.Of(step.ConfigType, expressions: true));

    public string Name => attribute.Name;

    public string Title => attribute.Title;

    public string Category => attribute.Category;

    public string Icon => attribute.Icon;

    public bool Effect => attribute.Effect;

    /// <summary>From <see cref="DescriptionAttribute"/> on the class; null when it has none.</summary>
    public string? Description { get; } = description;

    /// <summary>Without those that a step declares by its config, and without <c>error</c>, which is always there.</summary>
    public ImmutableArray<string> Outcomes { get; } = [.. attribute.Outcomes];

    public Step Step { get; } = step;

    public Type ConfigType => Step.ConfigType;

    public ConfigShape Shape { get; } = shape;

    /// <summary>JSON Schema of the config alone, a copy of its own.</summary>
    public JsonObject Schema => (JsonObject)schema.Value.DeepClone();
}
