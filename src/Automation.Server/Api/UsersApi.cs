using System.ComponentModel;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>People who sign in with a password, and the caller's own account.</summary>
internal static class UsersApi
{
    private const string NameDescription = "The user's name.";

    public static void Map(RouteGroupBuilder api)
    {
        var users = api.MapGroup("/users").WithTags("Access").Needs(Role.Admin);
        users.MapGet("/", (AccessDirectory directory) => TypedResults.Ok(Page.Whole<UserView>([.. directory.Users.Values.OrderBy(u => u.Name, StringComparer.Ordinal).Select(UserView.Of)])))
            .WithName("listUsers").WithSummary("All users by name");
        users.MapPut("/{name}", SetAsync).WithName("setUser").WithSummary("Make a user, or change one")
            .WithDescription("What is left out stays as it is; a new user needs a role and a password. A new password, or being disabled, ends the user's sessions.").ProducesProblem(400).ProducesProblem(409);
        users.MapDelete("/{name}", DeleteAsync).WithName("deleteUser").WithSummary("Delete a user, and end the sessions").ProducesProblem(404).ProducesProblem(409);
        var me = api.MapGroup("/me").WithTags("Access").Needs(Role.Viewer);
        me.MapGet("/", (HttpContext context) => TypedResults.Ok(CallerView.Of(Caller.Of(context)!))).ForAnyName().WithName("getMe").WithSummary("Who the caller is, and may do what");
        me.MapPost("/password", ChangePasswordAsync).WithName("changeMyPassword").WithSummary("Change one's own password; ends all of one's sessions").ProducesProblem(400).ProducesProblem(403).ProducesProblem(409);
    }

    private static async Task<Results<Ok<UserView>, ProblemHttpResult>> SetAsync([Description(NameDescription)] string name, UserSetting setting, HttpContext context, AccessDirectory directory, Passwords passwords, TimeProvider time)
    {
        if (UserNames.WhyNot(name) is { } badName) return ApiProblem.BadRequest(badName);
        if (setting.Password is not null && Passwords.WhyNot(setting.Password, name) is { } badPassword) return ApiProblem.BadRequest(badPassword);
        var hash = setting.Password is { } password ? await Task.Run(() => passwords.Hash(password)) : null;
        var change = new UserSet(name, setting.Role?.ToString().ToLowerInvariant(), hash, setting.Disabled, Caller.Of(context)!.Actor, time.GetUtcNow(), OnlyFirst: false, AccessDirectory.MaxUsers);
        await directory.CommitAsync(change);
        AuditDetail.Set(
            context,
            change.Before is { } before ? new { role = before.Role, disabled = before.Disabled } : null,
            change.After is { } after ? new { role = after.Role, disabled = after.Disabled, newPassword = hash is not null } : null);
        return change is { Refusal: AccessRefusal.None, After: { } user } ? TypedResults.Ok(UserView.Of(user)) : Refused(change.Refusal, name);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync([Description(NameDescription)] string name, HttpContext context, AccessDirectory directory)
    {
        if (directory.Users.GetValueOrDefault(name) is { } before) AuditDetail.Set(context, new { role = before.Role, disabled = before.Disabled }, null);
        var change = new UserDeleted(name);
        await directory.CommitAsync(change);
        return change.Refusal is AccessRefusal.None ? TypedResults.NoContent() : Refused(change.Refusal, name);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangePasswordAsync(PasswordChange change, HttpContext context, AccessDirectory directory, Passwords passwords, TimeProvider time)
    {
        var caller = Caller.Of(context)!;
        if (caller.Kind is not CallerKind.User || directory.Users.GetValueOrDefault(caller.Name) is not { } user) return ApiProblem.Conflict("Only a user who signed in with a password has one here.");
        if (Passwords.WhyNot(change.New, user.Name) is { } bad) return ApiProblem.BadRequest(bad);
        var answer = await passwords.CheckAsync(user.Name, change.Current ?? "", context.Connection.RemoteIpAddress);
        if (answer.Wait > TimeSpan.Zero) return ApiProblem.Wait(context, answer.Wait, answer.IsBusy ? "Too many passwords are being checked." : "Too many wrong passwords.");
        if (answer.User is null) return TypedResults.Problem(statusCode: StatusCodes.Status403Forbidden, detail: "The current password is wrong.");
        var stored = new PasswordChanged(answer.User.Name, answer.User.Password, await Task.Run(() => passwords.Hash(change.New!)), time.GetUtcNow());
        await directory.CommitAsync(stored);
        return stored.Changed ? TypedResults.NoContent() : ApiProblem.Conflict("Your account was changed at the same moment, and the password was left as it is. Sign in again.");
    }

    private static ProblemHttpResult Refused(AccessRefusal refusal, string name) => refusal switch
    {
        AccessRefusal.NotFound => TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"There is no user \"{name}\"."),
        AccessRefusal.Incomplete => ApiProblem.BadRequest($"There is no user \"{name}\" yet: give a role, viewer, operator, editor or admin, and a password."),
        AccessRefusal.LastAdmin => ApiProblem.Conflict($"\"{name}\" is the only admin. Make another one first."),
        _ => ApiProblem.Conflict($"There are {AccessDirectory.MaxUsers} users, as many as may be."),
    };
}

/// <summary>What a user is to be.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record UserSetting(
    [property: Description("viewer, operator, editor or admin.")] Role? Role = null,
    [property: Description("12 to 256 characters; never shown.")] string? Password = null,
    [property: Description("True keeps the user from coming in.")] bool? Disabled = null);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record PasswordChange(string? Current, [property: Description("12 to 256 characters.")] string? New);

/// <summary>A user, without the password.</summary>
internal sealed record UserView(string Name, Role Role, bool Disabled, DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset ChangedAt, DateTimeOffset? SignedInAt)
{
    public static UserView Of(StoredUser user) => new(user.Name, Enum.Parse<Role>(user.Role, ignoreCase: true), user.Disabled, user.CreatedAt, user.CreatedBy, user.ChangedAt, user.SignedInAt);
}

/// <summary>Who sent the request.</summary>
internal sealed record CallerView(
    string Name,
    [property: Description("adminToken, token, user, or proxy for a user that a proxy names.")] CallerKind Kind,
    Role Role,
    [property: Description("Patterns of names that the caller is limited to; empty for no limit.")] IReadOnlyList<string> Names,
    [property: Description("Id of the browser's session; null without one.")] string? Session)
{
    public static CallerView Of(Caller caller) => new(caller.Name, caller.Kind, caller.Role, caller.Names, caller.Session);
}
