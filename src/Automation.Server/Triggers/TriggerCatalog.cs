using System.Collections.Frozen;
using System.ComponentModel;
using System.Reflection;
using System.Text.Json.Nodes;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Triggers;

/// <summary>All trigger types of this server, by name.</summary>
internal sealed class TriggerCatalog
{
    private static readonly FrozenSet<string> Reserved = new[] { "type", "start" }.Concat(Filters.TriggerFilters.Names).ToFrozenSet();

    private readonly FrozenDictionary<string, TriggerTypeEntry> types;

    private TriggerCatalog(FrozenDictionary<string, TriggerTypeEntry> types)
    {
        this.types = types;
        Types = [.. types.Values.OrderBy(t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<TriggerTypeEntry> Types { get; }

    /// <summary>Finds every class with <see cref="TriggerTypeAttribute"/> in the server's assembly.</summary>
    /// <exception cref="InvalidOperationException">Two classes have the same name, or a config record takes a name that every trigger has.</exception>
    public static TriggerCatalog Find(IServiceProvider services) =>
        Of(typeof(TriggerCatalog).Assembly.GetTypes().Where(t => t.GetCustomAttribute<TriggerTypeAttribute>() is not null), services);

    /// <summary>A catalogue of the given classes.</summary>
    /// <inheritdoc cref="Find"/>
    public static TriggerCatalog Of(IEnumerable<Type> classes, IServiceProvider services)
    {
        var types = new Dictionary<string, TriggerTypeEntry>(StringComparer.Ordinal);
        foreach (var type in classes.OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            var attribute = type.GetCustomAttribute<TriggerTypeAttribute>() ?? throw new InvalidOperationException($"{type} has no [TriggerType].");
            var trigger = (TriggerType)ActivatorUtilities.CreateInstance(services, type);
            var shape = ConfigShape.Of(trigger.ConfigType);
            if (shape.Properties.FirstOrDefault(p => Reserved.Contains(p.Name)) is { } clash) throw new InvalidOperationException($"{trigger.ConfigType} has a property \"{clash.Name}\", which every trigger has.");
            if (!types.TryAdd(attribute.Name, new TriggerTypeEntry(attribute, type.GetCustomAttribute<DescriptionAttribute>()?.Description, trigger, shape)))
            {
                throw new InvalidOperationException($"{type} and {types[attribute.Name].Trigger.GetType()} are both the trigger type \"{attribute.Name}\".");
            }
        }

        return new TriggerCatalog(types.ToFrozenDictionary(StringComparer.Ordinal));
    }

    public bool TryGet(string name, out TriggerTypeEntry entry) => types.TryGetValue(name, out entry!);
}

/// <summary>A trigger type as the compiler, the schema and the palette see it.</summary>
internal sealed class TriggerTypeEntry(TriggerTypeAttribute attribute, string? description, TriggerType trigger, ConfigShape shape)
{
    private readonly Lazy<JsonObject> schema = new(() => ConfigSchema.Of(trigger.ConfigType, expressions: false));

    public string Name => attribute.Name;

    public string Title => attribute.Title;

    public string Icon => attribute.Icon;

    /// <summary>From <see cref="DescriptionAttribute"/> on the class; null when it has none.</summary>
    public string? Description { get; } = description;

    public TriggerType Trigger { get; } = trigger;

    public Type ConfigType => Trigger.ConfigType;

    public ConfigShape Shape { get; } = shape;

    /// <summary>JSON Schema of the config alone, a copy of its own.</summary>
    public JsonObject Schema => (JsonObject)schema.Value.DeepClone();
}
