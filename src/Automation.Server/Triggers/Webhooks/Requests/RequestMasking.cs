using System.Buffers;
using Automation.Server.Secrets;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.WebUtilities;

namespace Automation.Server.Triggers.Webhooks.Requests;

/// <summary>Takes out of a request what lets its sender in, before anybody else sees it.</summary>
internal static class RequestMasking
{
    /// <summary>What stands in place of a value.</summary>
    public const string Hidden = "•••";

    private static readonly SearchValues<string> Words = SearchValues.Create(
        ["authorization", "cookie", "api-key", "apikey", "access-key", "auth-key", "token", "secret", "password", "credential"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> SignatureWords = SearchValues.Create(["signature", "hmac", "digest"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> QueryWords = SearchValues.Create(["key", "token", "secret", "password", "auth", "sig", "code"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a header of this name is a credential.</summary>
    public static bool IsCredential(ReadOnlySpan<char> header) => header.ContainsAny(Words);

    /// <summary>Whether a header of this name is a credential, or a signature made with one.</summary>
    public static bool IsProof(ReadOnlySpan<char> header) => IsCredential(header) || header.ContainsAny(SignatureWords);

    /// <summary>A JSON object; names in lower case, repeated headers joined by ", ".</summary>
    /// <param name="headers">As sent.</param>
    /// <param name="proofs">Headers that are the secret itself.</param>
    /// <param name="secrets">Those of the trigger.</param>
    public static Json Headers(IHeaderDictionary headers, string[] proofs, SecretRedactor secrets) => Json.From(headers.GroupBy(header => header.Key.ToLowerInvariant()).ToDictionary(
        header => header.Key,
        header => IsCredential(header.Key) || proofs.Contains(header.Key, StringComparer.OrdinalIgnoreCase) ? Hidden : secrets.Mask(string.Join(", ", header.Select(values => values.Value.ToString())))));

    /// <summary>Values of parameters whose names say that they are credentials.</summary>
    public static IEnumerable<string> Credentials(QueryString query) => !query.HasValue ? [] : QueryHelpers.ParseQuery(query.Value)
        .Where(parameter => parameter.Key.AsSpan().ContainsAny(QueryWords)).SelectMany(parameter => parameter.Value).OfType<string>().Where(value => value.Length > 0);

    /// <summary>With its <c>?</c>; "" when there is none.</summary>
    public static string Query(QueryString query, SecretRedactor secrets)
    {
        if (!query.HasValue) return "";
        var masked = new QueryBuilder();
        foreach (var (name, values) in QueryHelpers.ParseQuery(query.Value))
        {
            foreach (var value in values) masked.Add(name, name.AsSpan().ContainsAny(QueryWords) ? Hidden : secrets.Mask(value ?? ""));
        }

        return masked.ToQueryString().Value ?? "";
    }
}
