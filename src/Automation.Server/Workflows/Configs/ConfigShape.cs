using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Configs;

/// <summary>What a config value may be.</summary>
internal enum ConfigKind
{
    Object,
    Map,
    List,
    Text,
    SecretText,
    SecretJson,
    Any,
    Boolean,
    Integer,
    Number,
    Choice,
    Duration,
    ByteSize,
    Rate,

    /// <summary>A type with a converter of its own; only reading it tells whether a value fits.</summary>
    Own,
}

/// <summary>Whether secrets may be named in a value.</summary>
internal enum ConfigSecrecy
{
    None,

    /// <summary>In some properties.</summary>
    Part,

    /// <summary>In every string.</summary>
    All,
}

/// <summary>A config type as the serializer sees it: the one source of checks, templates, property order and pointers.</summary>
internal sealed class ConfigShape
{
    private static readonly ConcurrentDictionary<Type, ConfigShape> Known = new();

    private ConfigShape(Type type, ConfigKind kind)
    {
        Type = type;
        Kind = kind;
    }

    public Type Type { get; }

    public ConfigKind Kind { get; }

    /// <summary>Of <see cref="ConfigKind.Object"/>, in the order of the record.</summary>
    public ImmutableArray<ConfigProperty> Properties { get; private set; } = [];

    /// <summary>Of <see cref="ConfigKind.Map"/> and <see cref="ConfigKind.List"/>.</summary>
    public ConfigShape? Element { get; private set; }

    /// <summary>Of <see cref="ConfigKind.Choice"/>: the allowed texts.</summary>
    public ImmutableArray<string> Choices { get; private set; } = [];

    public ConfigSecrecy Secrecy { get; private set; }

    private FrozenDictionary<string, ConfigProperty> ByName { get; set; } = FrozenDictionary<string, ConfigProperty>.Empty;

    public static ConfigShape Of(Type type) => Known.TryGetValue(type, out var known) ? known : Known.GetOrAdd(type, Make(type, []));

    /// <summary>A config whose properties are not those of a record: it is read as <see cref="Json"/>, and only what walks it checks it.</summary>
    public static ConfigShape OfFields(IEnumerable<ConfigProperty> properties)
    {
        var all = properties.ToImmutableArray();
        return new ConfigShape(typeof(Json), ConfigKind.Object) { Properties = all, ByName = all.ToFrozenDictionary(p => p.Name, StringComparer.Ordinal) };
    }

    /// <summary>One of given texts.</summary>
    public static ConfigShape OfChoices(IEnumerable<string> choices) => new(typeof(string), ConfigKind.Choice) { Choices = [.. choices] };

    public bool TryGet(string name, out ConfigProperty property) => ByName.TryGetValue(name, out property!);

    private static ConfigShape Make(Type declared, ImmutableHashSet<Type> above)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (above.Contains(type)) throw new NotSupportedException($"{type} contains itself; a config record must not.");
        var info = ConfigJson.Options.GetTypeInfo(type);
        var kind = KindOf(type, info);
        var shape = new ConfigShape(type, kind);
        switch (kind)
        {
            case ConfigKind.Object:
                shape.Properties = [.. info.Properties.Where(p => p.Get is not null || p.Set is not null).Select(p => PropertyOf(p, above.Add(type)))];
                shape.ByName = shape.Properties.ToFrozenDictionary(p => p.Name, StringComparer.Ordinal);
                break;
            case ConfigKind.Map or ConfigKind.List:
                shape.Element = Make(info.ElementType!, above.Add(type));
                break;
            case ConfigKind.Choice:
                shape.Choices = [.. Enum.GetValues(type).Cast<object>().Select(v => JsonSerializer.SerializeToElement(v, type, ConfigJson.Options).GetString()!)];
                break;
        }

        shape.Secrecy = kind switch
        {
            ConfigKind.SecretText or ConfigKind.SecretJson => ConfigSecrecy.All,
            ConfigKind.Map or ConfigKind.List => shape.Element!.Secrecy,
            _ => shape.Properties.Any(p => p.Shape.Secrecy is not ConfigSecrecy.None) ? ConfigSecrecy.Part : ConfigSecrecy.None,
        };
        return shape;
    }

    private static ConfigKind KindOf(Type type, JsonTypeInfo info)
    {
        if (type == typeof(string)) return ConfigKind.Text;
        if (type == typeof(bool)) return ConfigKind.Boolean;
        if (type == typeof(SecretText)) return ConfigKind.SecretText;
        if (type == typeof(SecretJson)) return ConfigKind.SecretJson;
        if (type == typeof(Duration)) return ConfigKind.Duration;
        if (type == typeof(ByteSize)) return ConfigKind.ByteSize;
        if (type == typeof(Rate)) return ConfigKind.Rate;
        if (type == typeof(Json) || type == typeof(JsonElement) || type == typeof(object) || type.IsAssignableTo(typeof(JsonNode))) return ConfigKind.Any;
        if (type == typeof(int) || type == typeof(long) || type == typeof(short) || type == typeof(byte)) return ConfigKind.Integer;
        if (type == typeof(double) || type == typeof(float) || type == typeof(decimal)) return ConfigKind.Number;
        if (type.IsEnum) return ConfigKind.Choice;
        return info.Kind switch
        {
            JsonTypeInfoKind.Object when info.PolymorphismOptions is null => ConfigKind.Object,
            JsonTypeInfoKind.Dictionary => ConfigKind.Map,
            JsonTypeInfoKind.Enumerable => ConfigKind.List,
            _ => ConfigKind.Own,
        };
    }

    private static ConfigProperty PropertyOf(JsonPropertyInfo property, ImmutableHashSet<Type> above)
    {
        var attributes = (property.AttributeProvider?.GetCustomAttributes(inherit: true) ?? []).OfType<Attribute>().ToList();
        return new ConfigProperty(
            property.Name,
            Make(property.PropertyType, above),
            Required: property.IsRequired,
            Nullable: property.IsSetNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null,
            Literal: attributes.OfType<LiteralAttribute>().Any(),
            attributes.OfType<DescriptionAttribute>().FirstOrDefault()?.Description,
            [.. attributes.OfType<ValidationAttribute>()],
            [.. attributes],
            property.Get);
    }
}

/// <summary>One property of a config record.</summary>
/// <param name="Name">As in JSON.</param>
/// <param name="Shape">What its value may be.</param>
/// <param name="Required">Whether it has to be there.</param>
/// <param name="Nullable">Whether it may be null.</param>
/// <param name="Literal">Taken as written: no expressions in it.</param>
/// <param name="Description">For people.</param>
/// <param name="Validations">Its DataAnnotations.</param>
/// <param name="Attributes">All of its attributes.</param>
/// <param name="Get">Reads it from a record.</param>
internal sealed record ConfigProperty(
    string Name,
    ConfigShape Shape,
    bool Required,
    bool Nullable,
    bool Literal,
    string? Description,
    ImmutableArray<ValidationAttribute> Validations,
    ImmutableArray<Attribute> Attributes,
    Func<object, object?>? Get);

/// <summary>The JSON Schema of a type that has a converter of its own.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class ConfigSchemaAttribute(string schema) : Attribute
{
    public string Schema { get; } = schema;
}
