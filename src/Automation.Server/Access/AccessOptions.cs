using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Access;

/// <summary>Who comes in, and for how long. Section <c>Access</c>.</summary>
internal sealed record AccessOptions
{
    public const string Section = "Access";

    /// <summary>Whether the admin token opens the API; without it there has to be a user with the role admin.</summary>
    public bool AllowAdminToken { get; init; } = true;

    /// <summary>A browser's session ends so long after its sign-in.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>It ends when it was not used for so long.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Header in which a proxy of <c>Server:TrustedProxies</c> names the user who signed in there; empty: none.</summary>
    public string ProxyUserHeader { get; init; } = "";

    /// <summary>Header with the user's groups, separated by commas.</summary>
    public string ProxyGroupsHeader { get; init; } = "";

    /// <summary>Group to role; the highest counts.</summary>
    public Dictionary<string, string> ProxyRoles { get; init; } = [];

    /// <summary>Role of users without such a group; empty: they are refused.</summary>
    public string ProxyDefaultRole { get; init; } = "";

    /// <summary>What is wrong with the values; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var (group, role) in ProxyRoles)
        {
            if (!TryRole(role, out _)) yield return $"Access:ProxyRoles:{group} is \"{role}\", which is no role. The roles are viewer, operator, editor and admin.";
        }

        if (ProxyDefaultRole.Length > 0 && !TryRole(ProxyDefaultRole, out _)) yield return $"Access:ProxyDefaultRole is \"{ProxyDefaultRole}\", which is no role. The roles are viewer, operator, editor and admin; empty refuses.";
        if (ProxyUserHeader.Length > 0 && ProxyRoles.Count == 0 && ProxyDefaultRole.Length == 0) yield return "Access:ProxyUserHeader is set, but neither Access:ProxyRoles nor Access:ProxyDefaultRole gives anybody a role.";
    }

    public static bool TryRole(string? text, out Role role) => Enum.TryParse(text, ignoreCase: true, out role) && Enum.IsDefined(role) && text!.All(char.IsAsciiLetter);
}
