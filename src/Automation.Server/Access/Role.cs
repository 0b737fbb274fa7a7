namespace Automation.Server.Access;

/// <summary>What somebody may do; each may what those before it may.</summary>
internal enum Role
{
    /// <summary>Looks: workflows, runs, events, deliveries.</summary>
    Viewer,

    /// <summary>Keeps things going: runs by hand, retry, cancel, replay, switches workflows on and off.</summary>
    Operator,

    /// <summary>Changes what the workflows do.</summary>
    Editor,

    /// <summary>Decides who may what: users, tokens, secrets, MQTT users, the audit log.</summary>
    Admin,
}

/// <summary>How a caller was known.</summary>
internal enum CallerKind
{
    AdminToken,
    Token,
    User,
    Proxy,

    /// <summary>The owner of an outside application, in the portal of one endpoint.</summary>
    Portal,
}

/// <summary>Who sent a request.</summary>
/// <param name="Name">The user's or token's name.</param>
/// <param name="Names">Patterns of names of workflows that the caller is limited to; empty for no limit.</param>
/// <param name="Session">Id of the browser's session; null without one.</param>
internal sealed record Caller(string Name, CallerKind Kind, Role Role, IReadOnlyList<string> Names, string? Session = null)
{
    public static readonly Caller AdminToken = new("admin-token", CallerKind.AdminToken, Role.Admin, []);

    /// <summary>Whether the caller may do with a workflow or endpoint of that name what the role allows.</summary>
    public bool IsFor(string name) => Names.Count == 0 || ApiTokens.Fits(Names, name);

    /// <summary>For histories: <c>user:anna</c>, <c>token:ci</c>, <c>proxy:anna</c>, <c>portal:ptl_…</c> or <c>admin-token</c>.</summary>
    public string Actor => Kind switch
    {
        CallerKind.AdminToken => Name,
        CallerKind.Token => "token:" + Name,
        CallerKind.Proxy => "proxy:" + Name,
        CallerKind.Portal => "portal:" + Name,
        _ => "user:" + Name,
    };

    /// <summary>The caller of a request that has passed; null before that.</summary>
    public static Caller? Of(HttpContext context) => context.Features.Get<Caller>();
}

/// <summary>The least role that a route asks for. Routes of the API without one ask for <see cref="Role.Admin"/>, and a test fails.</summary>
internal sealed record RequiredRole(Role Role);

/// <summary>What name a route is about, for callers that are limited to some.</summary>
/// <param name="Parameter">Of the path, or of the query where the path has none.</param>
/// <param name="Kind"><c>workflow</c>, <c>run</c> or <c>delivery</c>; the last two stand for their workflow.</param>
internal sealed record NamedBy(string Parameter, string Kind);

/// <summary>That a route is about the caller alone, and so open to callers that are limited to names.</summary>
internal sealed record AboutCaller;

internal static class RoleConventions
{
    /// <summary>Declares the least role that a route, or each route of a group, asks for. The innermost counts.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequiredRole(role));

    /// <summary>Lets callers through that are limited to names, where the name fits.</summary>
    public static TBuilder ForName<TBuilder>(this TBuilder builder, string parameter, string kind)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new NamedBy(parameter, kind));

    /// <summary>Lets callers through that are limited to names, whatever the names.</summary>
    public static TBuilder ForAnyName<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AboutCaller());
}
