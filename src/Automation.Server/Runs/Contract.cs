using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>A workflow's <c>input</c> and <c>output</c>: JSON Schemas of what those who call it give and get. Runs that nobody called are not checked.</summary>
internal static class Contract
{
    /// <summary>Units of a version's program.</summary>
    public const string Input = "contract/input", Output = "contract/output";

    /// <summary>Null when the value fits, or when the workflow says nothing about it.</summary>
    /// <param name="sandbox">Checks.</param>
    /// <param name="program">Of the called workflow's version.</param>
    /// <param name="unit"><see cref="Input"/> or <see cref="Output"/>.</param>
    /// <param name="value">What is checked.</param>
    /// <param name="code">Of the error.</param>
    /// <param name="sentence">What is wrong, in general.</param>
    /// <param name="cancelled">Ends the check.</param>
    /// <exception cref="SandboxUnavailableException">It cannot be checked now.</exception>
    public static async ValueTask<StepError?> CheckAsync(SandboxPool sandbox, SandboxProgram program, string unit, Json value, string code, string sentence, CancellationToken cancelled)
    {
        if (!program.Has(unit)) return null;
        var result = await sandbox.CallAsync(program, unit, new SandboxScope { Input = value }, cancelled);
        if (result.Error is { } failed) return new StepError(code, $"{sentence} It could not be checked: {failed.Message}", Retryable: false);
        return SchemaErrors.IsNone(result.Value) ? null : new StepError(code, $"{sentence} {SchemaErrors.First(result.Value)}", Details: Json.From(new { errors = result.Value }), Retryable: false);
    }
}
