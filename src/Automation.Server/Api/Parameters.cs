using System.Globalization;
using System.Text.Json;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Reads a request's parameters and collects what is wrong with them; asked last, <see cref="Problem"/> names every bad one at once.</summary>
internal sealed class Parameters(TimeProvider time)
{
    private readonly Dictionary<string, string[]> errors = [];

    /// <summary>Null when every parameter was good; else 400 with <c>errors: { parameter: [sentence] }</c>.</summary>
    public ProblemHttpResult? Problem => errors.Count == 0 ? null : ApiProblem.BadParameters(errors);

    public void Bad(string name, string sentence) => errors[name] = [sentence];

    /// <summary>An id such as <c>run_0f9k2m7q4x3aw</c>.</summary>
    public long Id(string name, string prefix, string text)
    {
        if (PublicId.TryParse(prefix, text, out var id)) return id;
        Bad(name, $"\"{Shorten(text)}\" is no id of this kind: it has to be \"{prefix}_\" and 13 characters.");
        return 0;
    }

    public long? OptionalId(string name, string prefix, string? text) => text is null ? null : Id(name, prefix, text);

    public int Limit(string? text)
    {
        if (text is null) return Page.DefaultLimit;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= Page.MaxLimit) return limit;
        Bad("limit", $"\"{Shorten(text)}\" is not a whole number from 1 to {Page.MaxLimit}.");
        return Page.DefaultLimit;
    }

    public int? Whole(string name, string? text, int most)
    {
        if (text is null) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most) return number;
        Bad(name, $"\"{Shorten(text)}\" is not a whole number from 0 to {most}.");
        return null;
    }

    /// <summary>A time with its offset from UTC, or a duration back from now.</summary>
    public DateTimeOffset? Time(string name, string? text)
    {
        if (text is null) return null;
        if (Duration.TryParse(text, out var back) && back.Value < time.GetUtcNow() - DateTimeOffset.UnixEpoch) return time.GetUtcNow() - back;
        if (text.Length > 10 && text[10] is 'T' or 't'
            && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-')
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)) return at;
        Bad(name, $"\"{Shorten(text)}\" is neither a time such as \"2026-01-31T08:00:00Z\" (a \"+\" in it is written %2B) nor a duration back from now such as \"24h\".");
        return null;
    }

    public T? OneOf<T>(string name, string? text)
        where T : struct, Enum
    {
        if (text is null) return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (JsonFormat.NameOf(value) == text) return value;
        }

        Bad(name, $"\"{Shorten(text)}\" is not one of {string.Join(", ", Enum.GetValues<T>().Select(JsonFormat.NameOf))}.");
        return null;
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool? Flag(string name, string? text)
    {
        if (text is null or "true" or "false") return text is null ? null : text == "true";
        Bad(name, $"\"{Shorten(text)}\" is neither true nor false.");
        return null;
    }

    public TimeSpan? Wait(string name, string? text, TimeSpan longest)
    {
        if (text is null) return null;
        if (Duration.TryParse(text, out var duration) && duration.Value <= longest) return duration;
        Bad(name, $"\"{Shorten(text)}\" is not {Duration.Expected}, {new Duration(longest)} at the most.");
        return null;
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
