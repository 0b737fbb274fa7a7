using System.Globalization;
using System.Text;
using System.Text.Json;
using Automation.Server.Values;
using Npgsql.PostgresTypes;

namespace Automation.Server.Queries;

/// <summary>JSON values as PostgreSQL's texts and back. Parameters go as texts of unknown type, so that the database itself reads them as what the query needs.</summary>
internal static class PostgresValues
{
    private const int ExactDigits = 15; // of a binary floating-point number, which scripts compute with
    private const int DeepestArray = 6; // PostgreSQL's MAXDIM

    /// <summary>The text of a parameter; null for null. A list is an array, an object JSON, <c>{ "base64": … }</c> bytes.</summary>
    public static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => Array(value),
        JsonValueKind.Object when Query.Bytes(value) is { } bytes => @"\x" + Convert.ToHexStringLower(bytes),
        _ => value.GetRawText(),
    };

    /// <summary>Writes a column's value by its type; what JSON has no form for is the database's text.</summary>
    public static void Write(string text, PostgresType type, QueryRows rows)
    {
        if (type is PostgresArrayType array && text.StartsWith('{'))
        {
            var at = 0;
            WriteArray(text, ref at, array.Element, rows, 1);
            return;
        }

        var json = rows.Json;
        switch (type.InternalName)
        {
            case "bool": json.WriteBooleanValue(text is "t"); break;
            case "int2" or "int4" or "int8" or "oid" when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole): rows.Integer(whole); break;
            case "float4" or "float8" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real): rows.Real(real); break;
            case "numeric" when text.Count(char.IsAsciiDigit) <= ExactDigits && text.All(c => char.IsAsciiDigit(c) || c is '-' or '.'): json.WriteRawValue(text, skipInputValidation: true); break;
            case "json" or "jsonb": WriteJson(text, json); break;
            case "bytea" when text.StartsWith(@"\x", StringComparison.Ordinal): rows.Bytes(Convert.FromHexString(text.AsSpan(2))); break;
            case "timestamptz" when text is [_, .., '+', '0', '0'] && char.IsAsciiDigit(text[0]): json.WriteStringValue(text[..^3].Replace(' ', 'T') + "Z"); break;
            case "timestamp" when char.IsAsciiDigit(text[0]): json.WriteStringValue(text.EndsWith("BC", StringComparison.Ordinal) ? text : text.Replace(' ', 'T')); break;
            default: json.WriteStringValue(text); break;
        }
    }

    private static void WriteJson(string text, Utf8JsonWriter json)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Values.Json.ReplaceHalfCharacters(utf8);
        using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = Values.Json.DeepestOutput });
        document.RootElement.WriteTo(json);
    }

    // {1,NULL,"a \"b\"",{…}} — PostgreSQL's manual, "Array Input and Output Syntax"
    private static void WriteArray(string text, ref int at, PostgresType element, QueryRows rows, int depth)
    {
        if (depth > DeepestArray) throw new FormatException("The array is deeper than PostgreSQL's are.");
        rows.Json.WriteStartArray();
        at++;
        while (text[at] is not '}')
        {
            if (text[at] is ',') at++;
            if (text[at] is '{')
            {
                WriteArray(text, ref at, element, rows, depth + 1);
                continue;
            }

            var quoted = text[at] is '"';
            var item = Item(text, ref at, quoted, element.InternalName == "box" ? ';' : ',');
            if (!quoted && item == "NULL") rows.Json.WriteNullValue();
            else Write(item, element, rows);
        }

        at++;
        rows.Json.WriteEndArray();
    }

    private static string Item(string text, ref int at, bool quoted, char delimiter)
    {
        var item = new StringBuilder();
        if (quoted) at++;
        while (quoted ? text[at] is not '"' : text[at] != delimiter && text[at] is not '}')
        {
            if (text[at] is '\\') at++;
            item.Append(text[at++]);
        }

        if (quoted) at++;
        return item.ToString();
    }

    private static string Array(JsonElement list)
    {
        var text = new StringBuilder("{");
        foreach (var item in list.EnumerateArray())
        {
            if (text.Length > 1) text.Append(',');
            if (item.ValueKind is JsonValueKind.Array) text.Append(Array(item));
            else if (Text(item) is { } value) text.Append('"').Append(value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
            else text.Append("NULL");
        }

        return text.Append('}').ToString();
    }
}
