using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Goes the way of the first case that equals a value.</summary>
/// <remarks>
/// Input: any. Output: the input. Outcomes: the case names and <c>default</c>. Values are equal as JSON: <c>1</c> and <c>1.0</c> are, <c>1</c> and <c>"1"</c> are not,
/// and the order of an object's properties does not matter. A case that is a list matches when one of its entries does.
/// </remarks>
[StepType("switch", Title = "Switch", Category = "Logic", Icon = "route", Outcomes = ["default"])]
[Description("Goes the way of the first case that equals a value.")]
internal sealed class SwitchStep : Step<SwitchStep.Config>
{
    private static readonly Json True = Json.Parse("true");

    public sealed record Config
    {
        [Description("What the cases are compared with; true when left out, so that cases can be conditions."), DefaultValue(true)]
        public Json Value { get; init; } = True;

        [Description("Case name to value, or to a list of values. The first that matches wins."), MinLength(1)]
        public required OrderedDictionary<string, Json> Cases { get; init; }
    }

    public override void Check(StepCheck check)
    {
        if (!check.Config.TryGetProperty("cases", out var cases) || cases.ValueKind is not JsonValueKind.Object) return;
        foreach (var name in cases.EnumerateObject().Select(c => c.Name))
        {
            if (name is "" or "default" or StepResult.ErrorOutcome) check.Problem("/cases", $"A case cannot be named \"{name}\"; choose another name.");
            else check.Outcome(name);
        }
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        foreach (var (name, wanted) in config.Cases)
        {
            if (Matches(wanted, config.Value)) return ValueTask.FromResult(StepResult.To(name, context.Input));
        }

        return ValueTask.FromResult(StepResult.To("default", context.Input));
    }

    private static bool Matches(Json wanted, Json value)
    {
        if (wanted.Equals(value)) return true;
        try
        {
            return AreEqual(wanted, value);
        }
        catch (InvalidOperationException)
        {
            // A text holds half of a character; such halves are equal to each other.
            return AreEqual(Mended(wanted), Mended(value));
        }
    }

    private static Json Mended(Json value)
    {
        var mended = value.Utf8.ToArray();
        Json.ReplaceHalfCharacters(mended);
        return new Json(mended);
    }

    private static bool AreEqual(Json wanted, Json value)
    {
        using var left = wanted.ToDocument();
        using var right = value.ToDocument();
        return left.RootElement.ValueKind is JsonValueKind.Array
            ? left.RootElement.EnumerateArray().Any(one => JsonElement.DeepEquals(one, right.RootElement))
            : JsonElement.DeepEquals(left.RootElement, right.RootElement);
    }
}
