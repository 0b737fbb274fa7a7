using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Steps;
using Automation.Server.Values;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Connectors;

/// <summary>The config of an operation's steps: its fields, and the connection where the service asks who one is.</summary>
internal static class OperationFields
{
    public const string ConnectionName = "connection";

    public static ConfigShape Of(Connector connector, string operation)
    {
        var properties = new List<ConfigProperty>();
        if (Connection.CredentialsIn(OperationTemplates.Request(connector, operation)).Count > 0) properties.Add(ConnectionOf(connector));
        if (connector.File.Operations[operation].Mode is OperationMode.Publish)
            properties.Add(Property(ConnectionName, ConfigShape.Of(typeof(string)), false, true, "Name of the MQTT connection to publish by, from the setting Mqtt:Connections. Left out: the server's own broker.", []));
        foreach (var (name, field) in connector.File.Fields ?? new Dictionary<string, ConnectorField>()) properties.Add(Property(name, field));
        foreach (var (name, field) in connector.File.Operations[operation].Fields ?? new Dictionary<string, ConnectorField>()) properties.Add(Property(name, field));
        return ConfigShape.OfFields(properties);
    }

    public static ConfigShape ShapeOf(ConnectorField field) => field.Choices is { } choices ? ConfigShape.OfChoices(choices) : ConfigShape.Of(field.Type switch
    {
        FieldType.Number => typeof(double),
        FieldType.Integer => typeof(long),
        FieldType.Boolean => typeof(bool),
        FieldType.Texts => typeof(IReadOnlyList<string>),
        FieldType.Json => typeof(Json),
        _ => typeof(string),
    });

    private static ConfigProperty ConnectionOf(Connector connector)
    {
        var help = $"Which account: the name that its secrets begin with. Left out: {connector.Name}, whose secrets are {string.Join(", ", connector.File.Credentials!.Keys.Select(c => Connection.SecretOf(connector.Name, c)))}.";
        return Property(ConnectionName, ConfigShape.Of(typeof(string)), false, true, help, [new RegularExpressionAttribute(Connection.NamePattern)]);
    }

    private static ConfigProperty Property(string name, ConnectorField field)
    {
        var rules = new List<ValidationAttribute>();
        if (field is { Required: true, Type: FieldType.Text, Choices: null }) rules.Add(new RequiredAttribute());
        if (field.MaxLength is { } longest) rules.Add(new MaxLengthAttribute(longest));
        if (field.Pattern is { } pattern) rules.Add(new PatternAttribute(pattern));
        return Property(name, ShapeOf(field), field.Required, field.Literal, field.Help, rules, field.Default is { } value ? new DefaultJsonAttribute(value) : null);
    }

    private static ConfigProperty Property(string name, ConfigShape shape, bool required, bool literal, string help, List<ValidationAttribute> rules, Attribute? fallback = null)
    {
        if (literal) rules.Insert(0, new AsWrittenAttribute());
        Attribute[] attributes = [new DescriptionAttribute(help), .. rules, .. literal ? new Attribute[] { new LiteralAttribute() } : [], .. fallback is null ? [] : new[] { fallback }];
        return new ConfigProperty(name, shape, required, !required, literal, help, [.. rules], [.. attributes], Get: null);
    }
}

/// <summary>Value of a field that a step leaves out.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DefaultJsonAttribute(Json value) : Attribute
{
    public Json Value { get; } = value;
}

/// <summary>Text of a literal field: one that looks like an expression was meant to be one.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AsWrittenAttribute() : ValidationAttribute("{0} is taken as it is written, so ${{…}} is not possible here; write the value itself.")
{
    public override bool IsValid(object? value) => value is not string text || !text.Contains("${", StringComparison.Ordinal);
}
