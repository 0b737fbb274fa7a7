using System.ComponentModel;
using System.Text;
using System.Text.Json.Serialization;
using Automation.Mqtt.Access;
using Automation.Server.Access;
using Automation.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Users of the embedded MQTT broker, each with the topics that its clients may use.</summary>
internal static class MqttUsersApi
{
    private const int MaxFilters = 100;
    private const string NameDescription = "The user's name.";

    public static void Map(RouteGroupBuilder api)
    {
        var users = api.MapGroup("/mqtt/users").WithTags("MQTT").Needs(Role.Admin);
        users.MapGet("/", (AccessDirectory directory) => TypedResults.Ok(Page.Whole<MqttUserView>([.. directory.MqttUsers.Values.OrderBy(u => u.Name, StringComparer.Ordinal).Select(MqttUserView.Of)])))
            .WithName("listMqttUsers").WithSummary("Users of the MQTT broker by name; those of Mqtt:PasswordFile are not listed");
        users.MapPut("/{name}", SetAsync).WithName("setMqttUser").WithSummary("Make an MQTT user, or change one")
            .WithDescription("What is left out stays as it is; a new user needs a password. Changed topics hold at once for clients that are connected; a new password, or being disabled, disconnects them.").ProducesProblem(400).ProducesProblem(409);
        users.MapDelete("/{name}", DeleteAsync).WithName("deleteMqttUser").WithSummary("Delete an MQTT user, and disconnect its clients").ProducesProblem(404);
    }

    private static async Task<Results<Ok<MqttUserView>, ProblemHttpResult>> SetAsync([Description(NameDescription)] string name, MqttUserSetting setting, HttpContext context, AccessDirectory directory, TimeProvider time)
    {
        if (UserNames.WhyNot(name) is { } badName) return ApiProblem.BadRequest(badName);
        var password = setting.Password is null ? [] : Encoding.UTF8.GetBytes(setting.Password);
        if (setting.Password is not null && password.Length is 0 or > PasswordHash.MaximumPasswordBytes) return ApiProblem.BadRequest($"A password has 1 to {PasswordHash.MaximumPasswordBytes} bytes.");
        foreach (var (property, filters) in new[] { ("publish", setting.Publish), ("subscribe", setting.Subscribe) })
        {
            if (filters is null) continue;
            if (filters.Count > MaxFilters) return ApiProblem.BadRequest($"{property} has more than {MaxFilters} topic filters.");
            if (filters.FirstOrDefault(filter => filter is null || !MqttUser.IsFilter(filter)) is { } bad) return ApiProblem.BadRequest($"{property}: \"{bad}\" is no topic filter, or its {{clientid}} or {{username}} is no whole level.");
            if (filters.Contains(null!)) return ApiProblem.BadRequest($"{property} has a null.");
        }

        var hash = setting.Password is null ? null : (await Task.Run(() => PasswordHash.Create(password))).ToString();
        var change = new MqttUserSet(name, hash, setting.Publish, setting.Subscribe, setting.Disabled, Caller.Of(context)!.Actor, time.GetUtcNow(), AccessDirectory.MaxMqttUsers);
        await directory.CommitAsync(change);
        AuditDetail.Set(
            context,
            change.Before is { } before ? new { publish = before.Publish, subscribe = before.Subscribe, disabled = before.Disabled } : null,
            change.After is { } after ? new { publish = after.Publish, subscribe = after.Subscribe, disabled = after.Disabled, newPassword = hash is not null } : null);
        return change switch
        {
            { Refusal: AccessRefusal.None, After: { } user } => TypedResults.Ok(MqttUserView.Of(user)),
            { Refusal: AccessRefusal.Incomplete } => ApiProblem.BadRequest($"There is no MQTT user \"{name}\" yet: give a password."),
            _ => ApiProblem.Conflict($"There are {AccessDirectory.MaxMqttUsers} MQTT users, as many as may be."),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync([Description(NameDescription)] string name, HttpContext context, AccessDirectory directory)
    {
        if (directory.MqttUsers.GetValueOrDefault(name) is { } before) AuditDetail.Set(context, new { publish = before.Publish, subscribe = before.Subscribe }, null);
        var change = new MqttUserDeleted(name);
        await directory.CommitAsync(change);
        return change.Deleted ? TypedResults.NoContent() : TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"There is no MQTT user \"{name}\".");
    }
}

/// <summary>What an MQTT user is to be.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MqttUserSetting(
    [property: Description("Never shown.")] string? Password = null,
    [property: Description("Topic filters that its clients may publish to; the levels {clientid} and {username} stand for the client's own.")] IReadOnlyList<string>? Publish = null,
    [property: Description("Topic filters that its clients may subscribe to.")] IReadOnlyList<string>? Subscribe = null,
    [property: Description("True keeps its clients out.")] bool? Disabled = null);

/// <summary>An MQTT user, without the password.</summary>
internal sealed record MqttUserView(string Name, IReadOnlyList<string> Publish, IReadOnlyList<string> Subscribe, bool Disabled, DateTimeOffset ChangedAt, string? ChangedBy)
{
    public static MqttUserView Of(StoredMqttUser user) => new(user.Name, user.Publish, user.Subscribe, user.Disabled, user.ChangedAt, user.ChangedBy);
}
