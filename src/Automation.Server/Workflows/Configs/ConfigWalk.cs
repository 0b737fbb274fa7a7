using System.Text.Json;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Workflows.Configs;

/// <summary>Goes through a config as written, side by side with its shape, and reports all that does not fit, with pointers relative to the config.</summary>
/// <remarks>With <see cref="ConfigText"/> it also takes strings as templates and writes the config's JSON; without, it only checks.</remarks>
/// <param name="problem">Takes a pointer and a sentence.</param>
/// <param name="text">Takes the strings.</param>
/// <param name="rules">Whether to check the rules of properties too. With <paramref name="text"/> those of constants are, whatever this says.</param>
internal sealed class ConfigWalk(Action<string, string> problem, ConfigText? text = null, bool rules = false)
{
    /// <summary>Checks one value against its shape.</summary>
    public void Check(JsonElement value, ConfigShape shape) => Visit(value, shape, new Place("", Literal: false, Nullable: false));

    /// <summary>Checks an object, leaving out the properties in <paramref name="others"/>, which suggestions know all the same; null leaves out all that the shape does not have.</summary>
    public void CheckObject(JsonElement value, ConfigShape shape, IReadOnlyCollection<string>? others) => VisitObject(value, shape, new Place("", Literal: false, Nullable: false), others);

    private readonly record struct Place(string Pointer, bool Literal, bool Nullable)
    {
        public Place Of(string name, bool literal, bool nullable) => new(Pointer + "/" + JsonPointer.Escape(name), Literal || literal, nullable);
    }

    private void Visit(JsonElement value, ConfigShape shape, Place place)
    {
        if (value.ValueKind is JsonValueKind.String && text is not null && shape.Kind is not ConfigKind.Own)
        {
            if (text.TakesExpression(value.GetString()!, shape, place.Pointer, place.Literal)) return;
        }

        if (value.ValueKind is JsonValueKind.Null && shape.Kind is not (ConfigKind.Any or ConfigKind.SecretJson))
        {
            if (!place.Nullable) Mismatch(value, shape, place.Pointer);
            text?.Raw("null"u8);
            return;
        }

        switch (shape.Kind)
        {
            case ConfigKind.Object when value.ValueKind is JsonValueKind.Object:
                VisitObject(value, shape, place, []);
                break;
            case ConfigKind.Map when value.ValueKind is JsonValueKind.Object:
                VisitEntries(value, shape.Element!, place);
                break;
            case ConfigKind.List when value.ValueKind is JsonValueKind.Array:
                VisitItems(value, shape.Element!, place);
                break;
            case ConfigKind.Any or ConfigKind.SecretJson when value.ValueKind is JsonValueKind.Object:
                VisitEntries(value, shape, place);
                break;
            case ConfigKind.Any or ConfigKind.SecretJson when value.ValueKind is JsonValueKind.Array:
                VisitItems(value, shape, place);
                break;
            default:
                VisitLeaf(value, shape, place);
                break;
        }
    }

    private void VisitObject(JsonElement value, ConfigShape shape, Place place, IReadOnlyCollection<string>? others)
    {
        text?.Raw("{"u8);
        var first = true;
        foreach (var member in value.EnumerateObject())
        {
            if (shape.TryGet(member.Name, out var property))
            {
                if (!first) text?.Raw(","u8);
                first = false;
                text?.Name(member.Name);
                var here = place.Of(member.Name, property.Literal, property.Nullable);
                var before = text?.Values ?? 0;
                Visit(member.Value, property.Shape, here);
                if (text is null ? rules : text.Values == before) CheckRules(member.Value, property, here.Pointer);
            }
            else if (others is not null && !others.Contains(member.Name))
            {
                var known = shape.Properties.Select(p => p.Name).Concat(others).ToList();
                var suggestion = Suggestion.For(member.Name, known);
                problem(place.Of(member.Name, false, false).Pointer, $"Unknown property \"{member.Name}\".{(suggestion.Length > 0 ? suggestion : $" Remove it; known are {string.Join(", ", known)}.")}");
            }
        }

        text?.Raw("}"u8);
        foreach (var property in shape.Properties)
        {
            if (property.Required && !value.TryGetProperty(property.Name, out _))
            {
                problem(place.Pointer, $"\"{property.Name}\" is missing; add it: {ConfigWords.Expected(property.Shape)}{(property.Description is { } described ? " – " + described.TrimEnd('.') : "")}.");
            }
        }
    }

    private void VisitEntries(JsonElement value, ConfigShape element, Place place)
    {
        text?.Raw("{"u8);
        var first = true;
        foreach (var member in value.EnumerateObject())
        {
            if (!first) text?.Raw(","u8);
            first = false;
            var here = place.Of(member.Name, false, false);
            text?.EntryName(member.Name, element, here.Pointer, here.Literal);
            Visit(member.Value, element, here);
        }

        text?.Raw("}"u8);
    }

    private void VisitItems(JsonElement value, ConfigShape element, Place place)
    {
        text?.Raw("["u8);
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (index > 0) text?.Raw(","u8);
            Visit(item, element, new Place($"{place.Pointer}/{index++}", place.Literal, Nullable: false));
        }

        text?.Raw("]"u8);
    }

    private void VisitLeaf(JsonElement value, ConfigShape shape, Place place)
    {
        if (!ConfigWords.Fits(value, shape, out var why)) problem(place.Pointer, why ?? ConfigWords.Mismatch(value, shape));
        if (value.ValueKind is JsonValueKind.String) text?.Constant(value.GetString()!, shape, place.Literal || shape.Kind is ConfigKind.Own);
        else text?.Raw(JsonSerializer.SerializeToUtf8Bytes(value));
    }

    private void CheckRules(JsonElement value, ConfigProperty property, string pointer)
    {
        if (property.Validations.IsEmpty || value.ValueKind is JsonValueKind.Null) return;
        try
        {
            var read = value.Deserialize(property.Shape.Type, ConfigJson.Options);
            if (read is not null && ConfigValidation.Broken(property, read, read) is { } sentence) problem(pointer, sentence);
        }
        catch (JsonException)
        {
            // Reported as a mismatch already.
        }
    }

    private void Mismatch(JsonElement value, ConfigShape shape, string pointer) => problem(pointer, ConfigWords.Mismatch(value, shape));
}
