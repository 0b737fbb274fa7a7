using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Values;

namespace Automation.Server.Secrets;

/// <summary>A text in which <c>${secret.NAME}</c> stands for a secret's value and <c>$${</c> for a literal <c>${</c>.</summary>
/// <remarks>
/// The value is put in at the last moment, by <see cref="SecretStore"/>, into the outgoing request only. A config property of this type is where an
/// author may name a secret; anywhere else <c>${secret.NAME}</c> is a problem of the workflow file. Data that flows in through an
/// expression is escaped (<see cref="Escape"/>), so what comes from outside can never name a secret.
/// </remarks>
[JsonConverter(typeof(Converter))]
internal readonly record struct SecretText(string Escaped)
{
    public static SecretText Of(string literal) => new(Escape(literal));

    public static string Escape(string text) => text.Contains("${", StringComparison.Ordinal) ? text.Replace("${", "$${", StringComparison.Ordinal) : text;

    /// <summary>The text as history and logs show it: secrets as <c>•••</c>.</summary>
    public override string ToString() => SecretTemplate.Mask(Escaped);

    private sealed class Converter : JsonConverter<SecretText>
    {
        /// <summary>A number or boolean, as an expression may give one, is taken as its text.</summary>
        public override SecretText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => new(reader.GetString()!),
            JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False => new(Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan)),
            _ => throw new JsonException("Expected a text."),
        };

        public override void Write(Utf8JsonWriter writer, SecretText value, JsonSerializerOptions options) => writer.WriteStringValue(value.Escaped);
    }
}

/// <summary>A JSON value whose strings are texts as in <see cref="SecretText"/>.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct SecretJson(Json Escaped)
{
    private sealed class Converter : JsonConverter<SecretJson>
    {
        public override bool HandleNull => true;

        public override SecretJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<Json>(ref reader, options));

        public override void Write(Utf8JsonWriter writer, SecretJson value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Escaped, options);
    }
}
