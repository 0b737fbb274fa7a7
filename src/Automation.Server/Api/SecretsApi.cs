using System.ComponentModel;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Secrets;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Server.Api;

/// <summary>The secrets by name. Their values go in and never come out.</summary>
internal static class SecretsApi
{
    private const string NameDescription = "The secret's name: capital letters, digits and _.";

    public static void Map(RouteGroupBuilder api)
    {
        var secrets = api.MapGroup("/secrets").WithTags("Secrets").Needs(Role.Admin);
        secrets.MapGet("/", List).Needs(Role.Editor).WithName("listSecrets").WithSummary("All secrets by name, those that are needed and missing included; never a value");
        secrets.MapPut("/{name}", SetAsync).WithName("setSecret").WithSummary("Set a secret, sealed in the database")
            .WithDescription("In use on this server when it is answered, on others within a second as a rule. A file of the same name in the secrets folder still counts before it.")
            .ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(503);
        secrets.MapDelete("/{name}", DeleteAsync).WithName("deleteSecret").WithSummary("Delete a secret from the database").ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        secrets.MapPost("/seal", SealAsync).WithName("sealSecrets").WithSummary("Seal all secrets of the database with the newest key")
            .WithDescription("After ./automation secrets-key has put a new key first, on every server of the database. The old key is needed no more when `locked` is empty.").ProducesProblem(409).ProducesProblem(503);
    }

    /// <summary>A list of what the sources have and what is needed.</summary>
    internal static IReadOnlyList<SecretView> All(SecretStore store, StoredSecrets stored, IEnumerable<SecretUses> uses)
    {
        var needed = uses.SelectMany(of => of()).ToLookup(use => use.Secret, StringComparer.Ordinal);
        var names = new SortedSet<string>(store.Names, StringComparer.Ordinal);
        names.UnionWith(needed.Select(use => use.Key));
        return [.. names.Select(name => SecretView.Of(name, store, stored, needed[name]))];
    }

    private static Ok<Page<SecretView>> List(SecretStore store, StoredSecrets stored, IEnumerable<SecretUses> uses) => TypedResults.Ok(Page.Whole(All(store, stored, uses)));

    [RequestSizeLimit(8 * StoredSecrets.MaxBytes)] // as JSON escapes it
    private static async Task<Results<Ok<SecretView>, ProblemHttpResult>> SetAsync([Description(NameDescription)] string name, SecretSetting setting, HttpContext context, SecretStore store, StoredSecrets stored, IEnumerable<SecretUses> uses)
    {
        if (setting.Value is not { } value) return ApiProblem.BadRequest("The body has to be { \"value\": \"...\" }.");
        if (!SecretStore.IsName(name) || value.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(value) > StoredSecrets.MaxBytes)
        {
            return ApiProblem.BadRequest($"A secret's name is of capital letters, digits and _, begins with a letter and has 128 characters at the most; its value is not empty and has {StoredSecrets.MaxBytes} bytes at the most.");
        }

        try
        {
            AuditDetail.Set(context, stored.All.GetValueOrDefault(name)?.Row is { } before ? new { changedAt = before.ChangedAt, changedBy = before.ChangedBy } : null, new { newValue = true });
            await store.SetAsync(name, value, Caller.Of(context)!.Actor);
        }
        catch (SecretException error)
        {
            return ApiProblem.Conflict(error.Message);
        }

        return TypedResults.Ok(All(store, stored, uses).First(secret => secret.Name == name));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync([Description(NameDescription)] string name, SecretStore store, StoredSecrets stored)
    {
        if (await stored.DeleteAsync(name)) return TypedResults.NoContent();
        var (file, _, environment) = store.SourcesOf(name);
        return file || environment
            ? ApiProblem.Conflict($"{name} is not in the database: it is {(file ? "a file of the secrets folder" : "a variable of the server's environment")}. Remove it there.")
            : ApiProblem.NotFound("secret", name);
    }

    private static async Task<Results<Ok<SealedSecrets>, ProblemHttpResult>> SealAsync(StoredSecrets stored)
    {
        try
        {
            var (key, count, locked) = await stored.SealAnewAsync();
            return TypedResults.Ok(new SealedSecrets(key, count, locked));
        }
        catch (SecretException error)
        {
            return ApiProblem.Conflict(error.Message);
        }
    }
}

/// <summary>What a secret is set to.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record SecretSetting([property: Description("The value; never shown again.")] string? Value);

/// <summary>Where a secret's value comes from.</summary>
internal enum SecretSource
{
    File,
    Store,
    Environment,
}

/// <summary>A secret, without its value.</summary>
internal sealed record SecretView(
    string Name,
    [property: Description("Where the value that is used comes from; null when the secret is missing.")] SecretSource? Source,
    [property: Description("Sources that have it too, and do not count.")] IReadOnlyList<SecretSource> Hidden,
    [property: Description("When it was set in the database; null for other sources.")] DateTimeOffset? ChangedAt,
    string? ChangedBy,
    [property: Description("The key that seals it; null for other sources.")] string? Key,
    [property: Description("Why it cannot be read, and what to do; null when all is well.")] string? Problem,
    [property: Description("What needs it.")] IReadOnlyList<SecretUseView> UsedBy)
{
    public static SecretView Of(string name, SecretStore store, StoredSecrets stored, IEnumerable<SecretUse> uses)
    {
        var (file, database, environment) = store.SourcesOf(name);
        List<SecretSource> sources = [.. file ? [SecretSource.File] : Array.Empty<SecretSource>(), .. database ? [SecretSource.Store] : Array.Empty<SecretSource>(), .. environment ? [SecretSource.Environment] : Array.Empty<SecretSource>()];
        var row = stored.All.GetValueOrDefault(name)?.Row;
        return new SecretView(
            name,
            sources.Count > 0 ? sources[0] : null,
            [.. sources.Skip(1)],
            row?.ChangedAt,
            row?.ChangedBy,
            row?.KeyId,
            stored.WhyLocked(name) ?? (sources.Count == 0 ? store.HowToSet(name) : null),
            [.. uses.Distinct().Select(use => new SecretUseView(use.Kind, use.Id)).OrderBy(use => (use.Kind, use.Id))]);
    }
}

/// <summary>Something that needs a secret.</summary>
internal sealed record SecretUseView([property: Description("workflow, mqttConnection or endpoint.")] string Kind, string Id);

/// <summary>What sealing anew did.</summary>
internal sealed record SealedSecrets(string Key, [property: Description("How many were sealed with another key before.")] int Sealed, [property: Description("Those that this server cannot open, and left as they are.")] IReadOnlyList<string> Locked);
