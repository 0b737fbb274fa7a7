namespace Automation.Server.Triggers.Webhooks;

/// <summary>The HTTP methods a webhook trigger can take.</summary>
[Flags]
internal enum WebhookMethods
{
    None = 0,
    Get = 1,
    Post = 2,
    Put = 4,
    Patch = 8,
    Delete = 16,
    Any = Get | Post | Put | Patch | Delete,
}

/// <summary>Methods as texts.</summary>
internal static class WebhookMethodNames
{
    public const string Known = "GET, POST, PUT, PATCH, DELETE and ANY";

    /// <summary><see cref="WebhookMethods.None"/> for a method no trigger can take.</summary>
    public static WebhookMethods Of(string name) => name switch
    {
        "POST" => WebhookMethods.Post,
        "GET" => WebhookMethods.Get,
        "PUT" => WebhookMethods.Put,
        "PATCH" => WebhookMethods.Patch,
        "DELETE" => WebhookMethods.Delete,
        "ANY" => WebhookMethods.Any,
        _ => WebhookMethods.None,
    };

    /// <summary>POST when the trigger names none.</summary>
    public static WebhookMethods Of(IReadOnlyList<string>? names) =>
        names is null ? WebhookMethods.Post : names.Aggregate(WebhookMethods.None, (methods, name) => methods | Of(name));

    /// <summary>For an <c>Allow</c> header: HEAD goes with GET, OPTIONS with all.</summary>
    public static string Allow(WebhookMethods methods)
    {
        var names = new List<string>(7);
        if (methods.HasFlag(WebhookMethods.Get)) names.AddRange(["GET", "HEAD"]);
        if (methods.HasFlag(WebhookMethods.Post)) names.Add("POST");
        if (methods.HasFlag(WebhookMethods.Put)) names.Add("PUT");
        if (methods.HasFlag(WebhookMethods.Patch)) names.Add("PATCH");
        if (methods.HasFlag(WebhookMethods.Delete)) names.Add("DELETE");
        names.Add("OPTIONS");
        return string.Join(", ", names);
    }
}
