using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Configs;

/// <summary>Runs the DataAnnotations of a config record and of the records inside it, with JSON names and pointers.</summary>
internal static class ConfigValidation
{
    private static readonly ConcurrentDictionary<ConfigShape, bool> NeedsWork = new();

    /// <summary>Calls <paramref name="report"/> with pointer (relative to the record) and sentence for each value that is out of bounds.</summary>
    public static void Check(object? value, ConfigShape shape, string pointer, Action<string, string> report)
    {
        if (value is null || !Needs(shape)) return;
        switch (shape.Kind)
        {
            case ConfigKind.Object:
                CheckProperties(value, shape, pointer, report);
                if (value is IValidatableObject own) CheckItself(own, shape, pointer, report);
                break;
            case ConfigKind.List when value is IEnumerable items:
                var index = 0;
                foreach (var item in items) Check(item, shape.Element!, $"{pointer}/{index++}", report);
                break;
            case ConfigKind.Map when value is IDictionary map:
                foreach (DictionaryEntry entry in map) Check(entry.Value, shape.Element!, pointer + "/" + JsonPointer.Escape(entry.Key.ToString()!), report);
                break;
        }
    }

    /// <summary>The sentence for the first rule that the value of a property breaks; null when it keeps all.</summary>
    public static string? Broken(ConfigProperty property, object? value, object record)
    {
        foreach (var rule in property.Validations)
        {
            if (!TryUnwrap(value, out var plain)) continue;
            var context = new ValidationContext(record, null, null) { MemberName = property.Name, DisplayName = property.Name };
            if (rule.GetValidationResult(plain, context) == ValidationResult.Success) continue;
            return Sentence(rule, property, value);
        }

        return null;
    }

    private static void CheckProperties(object record, ConfigShape shape, string pointer, Action<string, string> report)
    {
        foreach (var property in shape.Properties)
        {
            if (property.Validations.IsEmpty && !Needs(property.Shape)) continue;
            var value = property.Get?.Invoke(record);
            var here = pointer + "/" + JsonPointer.Escape(property.Name);
            if (Broken(property, value, record) is { } sentence) report(here, sentence);
            else Check(value, property.Shape, here, report);
        }
    }

    private static void CheckItself(IValidatableObject record, ConfigShape shape, string pointer, Action<string, string> report)
    {
        foreach (var result in record.Validate(new ValidationContext(record, null, null)))
        {
            var member = result.MemberNames.FirstOrDefault();
            var property = shape.Properties.FirstOrDefault(p => string.Equals(p.Name, member, StringComparison.OrdinalIgnoreCase));
            report(property is null ? pointer : pointer + "/" + JsonPointer.Escape(property.Name), result.ErrorMessage ?? "The values do not go together.");
        }
    }

    // Shapes that are no record's come and go; they are not remembered.
    private static bool Needs(ConfigShape shape) => shape.Type != typeof(Json) && NeedsWork.GetOrAdd(shape, static s =>
        s.Type.IsAssignableTo(typeof(IValidatableObject))
        || s.Properties.Any(p => !p.Validations.IsEmpty || Needs(p.Shape))
        || (s.Element is { } element && Needs(element)));

    /// <summary>The value as DataAnnotations know it; false for a text whose secrets are not known yet.</summary>
    private static bool TryUnwrap(object? value, out object? plain)
    {
        plain = value switch
        {
            SecretText text => text.Escaped,
            Duration duration => duration.Value,
            ByteSize size => size.Bytes,
            _ => value,
        };
        return value is not SecretText { Escaped: var escaped } || !escaped.Contains("${secret.", StringComparison.Ordinal);
    }

    private static string Sentence(ValidationAttribute rule, ConfigProperty property, object? value)
    {
        if (rule is UrlAttribute) return $"{property.Name} must be an absolute http or https address; {Shown(value)} is not.";
        if (rule.ErrorMessage is not null || rule.ErrorMessageResourceName is not null) return rule.FormatErrorMessage(property.Name);
        var unit = property.Shape.Kind is ConfigKind.Text or ConfigKind.SecretText ? "characters" : "entries";
        return rule switch
        {
            RangeAttribute range => $"{property.Name} must be from {Bound(range.Minimum, property)} to {Bound(range.Maximum, property)}, not {Shown(value)}.",
            StringLengthAttribute length => $"{property.Name} must have from {length.MinimumLength} to {length.MaximumLength} characters.",
            MinLengthAttribute length => $"{property.Name} must have at least {length.Length} {unit}.",
            MaxLengthAttribute length => $"{property.Name} must have at most {length.Length} {unit}.",
            LengthAttribute length => $"{property.Name} must have from {length.MinimumLength} to {length.MaximumLength} {unit}.",
            RegularExpressionAttribute pattern => $"{property.Name} must match {pattern.Pattern}; {Shown(value)} does not.",
            AllowedValuesAttribute allowed => $"{property.Name} must be one of {string.Join(", ", allowed.Values)}; {Shown(value)} is not.",
            RequiredAttribute => $"{property.Name} must not be empty.",
            _ => rule.FormatErrorMessage(property.Name),
        };
    }

    private static string Bound(object bound, ConfigProperty property) => property.Shape.Kind switch
    {
        ConfigKind.Duration when TimeSpan.TryParse(Convert.ToString(bound, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture, out var time) => new Duration(time).ToString(),
        ConfigKind.ByteSize => new ByteSize(Convert.ToInt64(bound, CultureInfo.InvariantCulture)).ToString(),
        _ => Convert.ToString(bound, CultureInfo.InvariantCulture)!,
    };

    private static string Shown(object? value) => value switch
    {
        null => "nothing",
        SecretText text => $"\"{text}\"",
        string text => text.Length <= 60 ? $"\"{text}\"" : $"\"{text[..60]}…\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
