using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Queries;

/// <summary>One query of a step: its text as the author wrote it, and values that never become part of it.</summary>
/// <param name="Sql">One statement.</param>
/// <param name="Parameters">A JSON array of values by position, an object of values by name, or null.</param>
/// <param name="Write">Whether it may change anything.</param>
/// <param name="MaxRows">More are an error.</param>
/// <param name="MaxBytes">Size of the rows as JSON; more is an error.</param>
internal sealed record Query(string Sql, Json? Parameters, bool Write, int MaxRows, long MaxBytes)
{
    /// <summary>What a value or a text may hold before it is read, so that no single one fills the memory.</summary>
    public const int LargestValue = 16 << 20;

    /// <summary>Tables by which a journal of this program is known, as a list in SQL.</summary>
    public const string JournalTables = "('events', 'runs', 'deliveries', 'attempts', 'step_states')";

    /// <summary>Reports what can be seen of a step's query at load.</summary>
    public static void Check(StepCheck check)
    {
        if (check.Config.TryGetProperty("query", out var query) && query.ValueKind is JsonValueKind.String && query.GetString()!.Contains("${", StringComparison.Ordinal))
            check.Problem("/query", "A query is taken as it is written and holds no ${…}. Put the value into \"parameters\" and name it here, as :id.");
        if (check.Config.TryGetProperty("parameters", out var parameters) && parameters.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object or JsonValueKind.Null)
            && !(parameters.ValueKind is JsonValueKind.String && parameters.GetString()!.StartsWith("${", StringComparison.Ordinal)))
            check.Problem("/parameters", "Expected values by position as a list, or by name as an object.");
    }

    /// <summary>The values with their names; names are empty where they go by position.</summary>
    /// <exception cref="StepException"><c>config_invalid</c>: neither a list nor an object.</exception>
    public IReadOnlyList<(string Name, JsonElement Value)> Values()
    {
        if (Parameters is not { IsNull: false } given) return [];
        using var document = given.ToDocument();
        return document.RootElement.ValueKind switch
        {
            JsonValueKind.Array => [.. document.RootElement.EnumerateArray().Select(value => ("", value.Clone()))],
            JsonValueKind.Object => [.. document.RootElement.EnumerateObject().Select(member => (member.Name.TrimStart(':', '@'), member.Value.Clone()))],
            _ => throw new StepException(new StepError("config_invalid", "\"parameters\" has to be a list of values by position, or an object of values by name.", Retryable: false)),
        };
    }

    /// <summary>The bytes of <c>{ "base64": text }</c>; null for any other value.</summary>
    public static byte[]? Bytes(JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.Object || value.GetPropertyCount() != 1 || !value.TryGetProperty("base64", out var text) || text.ValueKind is not JsonValueKind.String) return null;
        return text.TryGetBytesFromBase64(out var bytes) ? bytes : throw new StepException(new StepError("config_invalid", "A parameter's \"base64\" is not Base64.", Retryable: false));
    }
}
