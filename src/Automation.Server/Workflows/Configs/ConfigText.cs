using System.Collections.Immutable;
using Automation.Server.Sandbox;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Workflows.Configs;

/// <summary>Takes the strings of one config as templates: collects expressions, finds misplaced secrets and writes what <see cref="CompiledConfig"/> is made of.</summary>
/// <param name="pointer">Of the config in its file.</param>
/// <param name="expressionsAllowed">False for triggers.</param>
/// <param name="problem">Takes a pointer relative to the config and a sentence.</param>
/// <param name="secret">Told of each secret that is named where it may be, with the pointer relative to the config.</param>
internal sealed class ConfigText(string pointer, bool expressionsAllowed, Action<string, string> problem, Action<string, string> secret)
{
    private readonly TemplateWriter writer = new();
    private readonly ImmutableArray<SandboxExpression>.Builder expressions = ImmutableArray.CreateBuilder<SandboxExpression>();
    private ScopeUse uses;

    /// <summary>Values put in so far.</summary>
    public int Values => writer.Values;

    public void Raw(ReadOnlySpan<byte> json) => writer.Json(json);

    public void Name(string name)
    {
        writer.String(name, secret: false);
        writer.Json(":"u8);
    }

    /// <summary>Writes the key of a map or of a free object; it holds no expressions.</summary>
    public void EntryName(string name, ConfigShape element, string at, bool literal)
    {
        var text = literal || TemplateText.IsPlain(name) ? null : TemplateText.Parse(name);
        if (text is not null && (!text.Problems.IsEmpty || text.Parts is not [LiteralPart]))
        {
            problem(at, $"The property name \"{name}\" holds ${{…}}, which is only possible in values; make the whole object one expression, or write $${{ for a literal ${{.");
        }

        writer.String(text?.Parts is [LiteralPart plain] ? plain.Text : name, element.Kind is ConfigKind.SecretJson);
        writer.Json(":"u8);
    }

    /// <summary>Writes a string without expressions.</summary>
    public void Constant(string value, ConfigShape shape, bool literal) =>
        writer.String(literal || TemplateText.IsPlain(value) || TemplateText.Parse(value).Parts is not [LiteralPart part] ? value : part.Text, IsSecret(shape) && !literal);

    /// <summary>Writes a string if it holds expressions or secrets, or reports why it must not; false when it is a constant, still to be written.</summary>
    public bool TakesExpression(string value, ConfigShape shape, string at, bool literal)
    {
        if (literal || TemplateText.IsPlain(value)) return false;
        var text = TemplateText.Parse(value);
        if (text.Problems.IsEmpty && text.Parts is [LiteralPart]) return false;
        foreach (var sentence in text.Problems) problem(at, sentence);
        if (!text.Problems.IsEmpty) return true;
        CheckParts(text, shape, at);
        Write(text, shape, at);
        return true;
    }

    /// <summary>The expressions found so far; null when there are none.</summary>
    public ExpressionUnit? Expressions(string unitId) => expressions.Count == 0 ? null : new ExpressionUnit(unitId, expressions.ToImmutable());

    /// <exception cref="System.Text.Json.JsonException">The config is constant and does not fit.</exception>
    public CompiledConfig Finish(string unitId, ConfigShape shape) => new(shape, pointer, writer, Expressions(unitId), uses);

    private void CheckParts(TemplateText text, ConfigShape shape, string at)
    {
        foreach (var part in text.Parts.OfType<SecretPart>())
        {
            if (IsSecret(shape)) secret(at, part.Name);
            else problem(at, $"${{secret.{part.Name}}} is not possible here: a secret may stand only where the server sends or connects, as in a webhook's url, headers and body. Move it there.");
        }

        if (!text.HasExpressions) return;
        if (!expressionsAllowed) problem(at, "Expressions are not possible here, because no event is there yet; write the value itself, or $${ for a literal ${.");
        else if (!text.IsOneExpression && shape.Kind is ConfigKind.Boolean or ConfigKind.Integer or ConfigKind.Number or ConfigKind.Object or ConfigKind.Map or ConfigKind.List)
        {
            problem(at, $"Expected {ConfigWords.Expected(shape)}, but text with ${{…}} inside stays a text; make the whole string one ${{ expression }}.");
        }
        else if (text.IsOneExpression && shape.Secrecy is ConfigSecrecy.Part)
        {
            problem(at, "One expression cannot give this whole object, because parts of it may name secrets; write its properties and put expressions into them.");
        }
    }

    private void Write(TemplateText text, ConfigShape shape, string at)
    {
        if (text.IsOneExpression)
        {
            Add((ExpressionPart)text.Parts[0], at);
            writer.Value(WholeOf(shape));
            return;
        }

        var secretForm = IsSecret(shape);
        writer.Json("\""u8);
        foreach (var part in text.Parts)
        {
            switch (part)
            {
                case LiteralPart literal:
                    writer.Literal(literal.Text, secretForm);
                    break;
                case SecretPart named:
                    writer.Secret(named.Name);
                    break;
                case ExpressionPart expression:
                    Add(expression, at);
                    writer.Value(secretForm ? Splice.InsideSecret : Splice.Inside);
                    break;
            }
        }

        writer.Json("\""u8);
    }

    private void Add(ExpressionPart part, string at)
    {
        expressions.Add(new SandboxExpression(pointer + at, part.Code));
        uses |= part.Uses;
    }

    private static bool IsSecret(ConfigShape shape) => shape.Kind is ConfigKind.SecretText or ConfigKind.SecretJson;

    private static Splice WholeOf(ConfigShape shape) => shape.Kind switch
    {
        ConfigKind.Text => Splice.WholeText,
        ConfigKind.SecretText => Splice.WholeSecretText,
        _ => shape.Secrecy is ConfigSecrecy.All ? Splice.WholeSecretJson : Splice.Whole,
    };
}
