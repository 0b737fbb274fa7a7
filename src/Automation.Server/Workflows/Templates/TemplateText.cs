using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Automation.Server.Workflows.Templates;

/// <summary>A piece of a string of a workflow file.</summary>
internal abstract record TemplatePart;

/// <summary>Characters that stand for themselves; <c>$${</c> is already <c>${</c> here.</summary>
internal sealed record LiteralPart(string Text) : TemplatePart;

/// <summary><c>${ javascript }</c>.</summary>
internal sealed record ExpressionPart(string Code, ScopeUse Uses) : TemplatePart;

/// <summary><c>${secret.NAME}</c>.</summary>
internal sealed record SecretPart(string Name) : TemplatePart;

/// <summary>A string of a workflow file cut at its <c>${…}</c>. Problems are sentences; with any of them the parts are of no use.</summary>
internal sealed partial record TemplateText(ImmutableArray<TemplatePart> Parts, ImmutableArray<string> Problems)
{
    /// <summary>True when the whole string is one expression, so that the value keeps its type.</summary>
    public bool IsOneExpression => Parts is [ExpressionPart];

    public bool HasExpressions => Parts.Any(p => p is ExpressionPart);

    /// <summary>True when nothing in <paramref name="text"/> needs parsing.</summary>
    public static bool IsPlain(string text) => !text.Contains("${", StringComparison.Ordinal);

    public static TemplateText Parse(string text)
    {
        var parts = ImmutableArray.CreateBuilder<TemplatePart>();
        var problems = ImmutableArray.CreateBuilder<string>();
        var literal = new StringBuilder();
        var at = 0;
        while (at < text.Length)
        {
            var rest = text.AsSpan(at);
            if (rest.StartsWith("$${"))
            {
                literal.Append("${");
                at += 3;
            }
            else if (rest.StartsWith("${"))
            {
                if (literal.Length > 0) parts.Add(new LiteralPart(literal.ToString()));
                literal.Clear();
                var scan = JavaScriptScan.FromOpening(text, at + 2);
                if (scan.End < 0)
                {
                    problems.Add($"The expression that begins with {Quote(text[at..])} has no closing brace; add }}, or write $${{ for a literal ${{.");
                    break;
                }

                AddExpression(text[(at + 2)..scan.End], scan, parts, problems);
                at = scan.End + 1;
            }
            else
            {
                literal.Append(text[at++]);
            }
        }

        if (literal.Length > 0 || parts.Count == 0) parts.Add(new LiteralPart(literal.ToString()));
        return new TemplateText(parts.ToImmutable(), problems.ToImmutable());
    }

    private static void AddExpression(string code, JavaScriptScan scan, ImmutableArray<TemplatePart>.Builder parts, ImmutableArray<string>.Builder problems)
    {
        if (string.IsNullOrWhiteSpace(code))
        {
            problems.Add("${} holds no expression; put JavaScript between the braces, or write $${ for a literal ${.");
        }
        else if (SecretReference().Match(code) is { Success: true } secret)
        {
            parts.Add(new SecretPart(secret.Groups[1].Value));
        }
        else if (scan.MentionsSecret)
        {
            problems.Add($"{Quote("${" + code + "}")} uses a secret inside an expression, which never sees secrets; write ${{secret.NAME}} on its own, with text and other expressions around it.");
        }
        else
        {
            parts.Add(new ExpressionPart(code.Trim(), scan.Uses));
        }
    }

    private static string Quote(string text) => text.Length <= 40 ? $"\"{text}\"" : $"\"{text[..40]}…\"";

    [GeneratedRegex(@"^\s*secret\s*\.\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex SecretReference();
}
