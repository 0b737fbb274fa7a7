using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.Server.Connectors.OAuth;

/// <summary>What a token address gave — RFC 6749 §5.1.</summary>
/// <param name="RefreshToken">Null when there is none, or the former one goes on.</param>
/// <param name="Lifetime">Null when the service does not say.</param>
internal sealed partial record TokenAnswer(string AccessToken, string? RefreshToken, TimeSpan? Lifetime)
{
    private const int LongestToken = 16 * 1024, LongestWords = 200;
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(3650);

    /// <summary>Reads an answer; null, with what is wrong, when it holds no token.</summary>
    /// <param name="error">The service's error code, as <c>invalid_grant</c>, where it gave one (RFC 6749 §5.2); else null.</param>
    public static TokenAnswer? Read(int status, string? contentType, byte[] body, out string? error, out string problem)
    {
        (error, problem) = (null, "");
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } answer)
            {
                if (Text(answer, "error") is { } code)
                {
                    error = ErrorCode().IsMatch(code) ? code : "error";
                    problem = Text(answer, "error_description") is { } words ? $"{error}: {Shown(words)}" : error;
                    return null;
                }

                if (status is < 200 or > 299) problem = $"it answered {status}";
                else if (Text(answer, "access_token") is not { } token) problem = "its answer holds no access_token";
                else if (!IsToken(token)) problem = "the access token holds characters that no header can carry, or is too long";
                else if (Text(answer, "refresh_token") is { } refresh && !IsToken(refresh)) problem = "the refresh token is too long, or holds a control character";
                else return new TokenAnswer(token, Text(answer, "refresh_token"), Seconds(answer));
                return null;
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // Falls through: it is no JSON that can be read.
        }

        problem = $"it answered {status} with {(contentType is { Length: > 0 } type ? Shown(type.Split(';')[0]) : "nothing that says its type")} and not with JSON";
        return null;
    }

    private static bool IsToken(string text) => text.Length <= LongestToken && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static string? Text(JsonElement answer, string name) => answer.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static TimeSpan? Seconds(JsonElement answer)
    {
        if (!answer.TryGetProperty("expires_in", out var value)) return null;
        var seconds = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetDouble(out var number) => number,
            JsonValueKind.String when double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => 0,
        };
        return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, LongestLifetime.TotalSeconds)) : null;
    }

    /// <summary>Words from outside as one short line.</summary>
    public static string Shown(string words)
    {
        var line = new StringBuilder();
        foreach (var character in words.AsSpan(0, Math.Min(words.Length, LongestWords))) line.Append(char.IsControl(character) ? ' ' : character);
        return line.ToString().Trim();
    }

    [GeneratedRegex("^[A-Za-z0-9_.-]{1,60}$", RegexOptions.CultureInvariant)]
    private static partial Regex ErrorCode();
}
