using System.ComponentModel;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Storage;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Tokens of programs, and sessions of browsers.</summary>
internal static class TokensApi
{
    private const int MaxNames = 50, MaxSessionsShown = 1000;

    public static void Map(RouteGroupBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Access").Needs(Role.Admin);
        tokens.MapGet("/", (AccessDirectory directory) => TypedResults.Ok(Page.Whole<TokenView>([.. directory.Tokens.Values.OrderBy(t => (t.Name, t.Id)).Select(t => TokenView.Of(t, directory.UsedAt(t)))])))
            .WithName("listTokens").WithSummary("All tokens by name, with the beginning of each; never a whole one");
        tokens.MapPost("/", MakeAsync).WithName("makeToken").WithSummary("Make a token; it is shown this once").ProducesProblem(400).ProducesProblem(409);
        tokens.MapDelete("/{id}", DeleteAsync).WithName("deleteToken").WithSummary("End a token").ProducesProblem(404);
        var sessions = api.MapGroup("/sessions").WithTags("Access").Needs(Role.Admin);
        sessions.MapGet("/", ListSessionsAsync).WithName("listSessions").WithSummary("Sessions of browsers, newest first; the newest 1,000");
        sessions.MapDelete("/{id}", EndSessionAsync).WithName("endSession").WithSummary("End a session").ProducesProblem(404);
    }

    private static async Task<Results<Ok<MadeToken>, ProblemHttpResult>> MakeAsync(TokenSetting setting, HttpContext context, AccessDirectory directory, TimeProvider time)
    {
        var names = setting.Names ?? [];
        if (UserNames.WhyNot(setting.Name) is { } badName) return ApiProblem.BadRequest(badName);
        if (setting.Role is not { } role) return ApiProblem.BadRequest("Give a role: viewer, operator, editor or admin.");
        if (setting.Names is { Count: 0 }) return ApiProblem.BadRequest("names is empty: such a token could do nothing. Leave names out for a token without that limit.");
        if (names.Count > MaxNames || names.Any(n => n is not { Length: >= 1 and <= 200 } || n.AsSpan(0, n.Length - 1).Contains('*'))) return ApiProblem.BadRequest($"names has {MaxNames} patterns at the most, each a name, or the beginning of names and a * at its end.");
        if (names.Count > 0 && role == Role.Admin) return ApiProblem.BadRequest("An admin decides who may what, which no names can limit. Leave names out, or take another role.");
        TimeSpan? lifetime = null;
        if (setting.ExpiresIn is { } text)
        {
            if (!Duration.TryParse(text, out var duration) || duration.Value <= TimeSpan.Zero || duration.Value > TimeSpan.FromDays(3660)) return ApiProblem.BadRequest($"expiresIn is not {Duration.Expected}, ten years at the most.");
            lifetime = duration.Value;
        }

        var now = time.GetUtcNow();
        var (token, row) = ApiTokens.Make(setting.Name!, role, names, now, now + lifetime, Caller.Of(context)!.Actor);
        AuditDetail.Set(context, null, new { id = row.Id, name = row.Name, role = row.Role, names = row.Names, expiresAt = row.ExpiresAt });
        var change = new TokenStored(row, AccessDirectory.MaxTokens);
        await directory.CommitAsync(change);
        if (change.Refusal is AccessRefusal.Taken) return ApiProblem.Conflict($"There is a token \"{row.Name}\" already, and the audit log could not tell the two apart. Take another name, or delete that one.");
        if (change.Refusal is not AccessRefusal.None) return ApiProblem.Conflict($"There are {AccessDirectory.MaxTokens} tokens, as many as may be. Delete some that are not used.");
        return TypedResults.Ok(new MadeToken(token, TokenView.Of(row, null)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync([Description("The token's id, with which it begins.")] string id, HttpContext context, AccessDirectory directory)
    {
        if (directory.Tokens.GetValueOrDefault(id) is { } before) AuditDetail.Set(context, new { name = before.Name, role = before.Role }, null);
        var change = new TokenDeleted(id);
        await directory.CommitAsync(change);
        return change.Deleted ? TypedResults.NoContent() : TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"There is no token \"{id}\".");
    }

    private static async Task<Ok<Page<SessionView>>> ListSessionsAsync(Journal journal)
    {
        var read = new SessionsRead(MaxSessionsShown);
        await journal.CommitAsync(read);
        return TypedResults.Ok(Page.Whole<SessionView>([.. read.Sessions.Select(s => new SessionView(s.Id, s.UserName, s.CreatedAt, s.UsedAt, s.ExpiresAt, s.Address, s.Agent))]));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EndSessionAsync([Description("As ses_….")] string id, AccessDirectory directory)
    {
        var change = new SessionsEnded(id, null, null);
        await directory.CommitAsync(change);
        return change.Ended > 0 ? TypedResults.NoContent() : TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"There is no session \"{id}\".");
    }
}

/// <summary>What a token is to be.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record TokenSetting(
    [property: Description("What it is for, as no other token is called; the audit log names it so.")] string? Name,
    Role? Role = null,
    [property: Description("Limits it to what is about workflows of these names, as shop/*. Left out: no limit.")] IReadOnlyList<string>? Names = null,
    [property: Description("A duration, as 90d; left out: it does not expire.")] string? ExpiresIn = null);

/// <summary>A new token.</summary>
internal sealed record MadeToken([property: Description("The token; it cannot be shown again.")] string Token, TokenView About);

/// <summary>A token, without its secret part.</summary>
internal sealed record TokenView(
    [property: Description("The token begins with it.")] string Id,
    string Name,
    Role Role,
    IReadOnlyList<string> Names,
    DateTimeOffset CreatedAt,
    string? CreatedBy,
    DateTimeOffset? ExpiresAt,
    [property: Description("When it was last used, within five minutes; null for never.")] DateTimeOffset? UsedAt)
{
    public static TokenView Of(StoredToken token, DateTimeOffset? usedAt) => new(token.Id, token.Name, Enum.Parse<Role>(token.Role, ignoreCase: true), token.Names, token.CreatedAt, token.CreatedBy, token.ExpiresAt, usedAt);
}

/// <summary>A browser's session.</summary>
internal sealed record SessionView(
    string Id,
    [property: Description("Null for one that the admin token began.")] string? User,
    DateTimeOffset CreatedAt,
    [property: Description("Within five minutes.")] DateTimeOffset UsedAt,
    DateTimeOffset ExpiresAt,
    string? Address,
    string? Agent);
