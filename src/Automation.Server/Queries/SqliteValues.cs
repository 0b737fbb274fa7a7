using System.Text.Json;
using Automation.Server.Steps;
using SQLitePCL;

namespace Automation.Server.Queries;

/// <summary>JSON values as SQLite's and back (sqlite.org/datatype3.html).</summary>
internal static class SqliteValues
{
    private static readonly string[] Prefixes = [":", "@", "$"];

    /// <summary>Whole numbers as INTEGER, others as REAL, true and false as 1 and 0, <c>{ "base64": … }</c> as BLOB, other objects and lists as JSON text.</summary>
    /// <exception cref="StepException"><c>query_invalid</c>: a parameter has no value, or a value no parameter.</exception>
    public static void Bind(sqlite3_stmt statement, IReadOnlyList<(string Name, JsonElement Value)> values)
    {
        var wanted = raw.sqlite3_bind_parameter_count(statement);
        var bound = new bool[wanted + 1];
        foreach (var (index, (name, value)) in values.Index())
        {
            var position = name.Length == 0 ? index + 1 : Prefixes.Select(prefix => raw.sqlite3_bind_parameter_index(statement, prefix + name)).FirstOrDefault(found => found > 0);
            if (position < 1 || position > wanted) throw Invalid(name.Length == 0 ? $"There are {values.Count} values and {wanted} parameters in the query." : $"The query has no parameter :{name}.");
            Bind(statement, position, value);
            bound[position] = true;
        }

        var missing = Array.FindIndex(bound, 1, given => !given);
        if (missing < 0) return;
        throw Invalid($"The query's parameter {raw.sqlite3_bind_parameter_name(statement, missing).utf8_to_string() ?? $"number {missing}"} has no value in \"parameters\".");
    }

    /// <summary>The columns of the row that the statement is at.</summary>
    public static void Write(sqlite3_stmt statement, QueryRows rows)
    {
        for (var column = 0; column < raw.sqlite3_column_count(statement); column++)
        {
            rows.Json.WritePropertyName(raw.sqlite3_column_name(statement, column).utf8_to_string());
            var type = raw.sqlite3_column_type(statement, column);
            if (type is raw.SQLITE_TEXT or raw.SQLITE_BLOB && raw.sqlite3_column_bytes(statement, column) > rows.Room) throw rows.TooLarge();
            switch (type)
            {
                case raw.SQLITE_INTEGER: rows.Integer(raw.sqlite3_column_int64(statement, column)); break;
                case raw.SQLITE_FLOAT: rows.Real(raw.sqlite3_column_double(statement, column)); break;
                case raw.SQLITE_TEXT: rows.Json.WriteStringValue(raw.sqlite3_column_text(statement, column).utf8_to_string()); break;
                case raw.SQLITE_BLOB: rows.Bytes(raw.sqlite3_column_blob(statement, column)); break;
                default: rows.Json.WriteNullValue(); break;
            }
        }
    }

    private static void Bind(sqlite3_stmt statement, int position, JsonElement value)
    {
        var result = value.ValueKind switch
        {
            JsonValueKind.Null => raw.sqlite3_bind_null(statement, position),
            JsonValueKind.True => raw.sqlite3_bind_int64(statement, position, 1),
            JsonValueKind.False => raw.sqlite3_bind_int64(statement, position, 0),
            JsonValueKind.Number => value.TryGetInt64(out var whole) ? raw.sqlite3_bind_int64(statement, position, whole) : raw.sqlite3_bind_double(statement, position, value.GetDouble()),
            JsonValueKind.String => raw.sqlite3_bind_text(statement, position, value.GetString()!),
            _ when Query.Bytes(value) is { } bytes => raw.sqlite3_bind_blob(statement, position, bytes),
            _ => raw.sqlite3_bind_text(statement, position, value.GetRawText()),
        };
        if (result is not raw.SQLITE_OK) throw Invalid($"The value of parameter {position} is larger than {Query.LargestValue >> 20} MB.");
    }

    private static StepException Invalid(string message) => new(new StepError("query_invalid", message, Retryable: false));
}
