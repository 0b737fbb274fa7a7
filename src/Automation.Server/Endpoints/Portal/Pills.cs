using System.Globalization;
using Automation.Server.Api;

namespace Automation.Server.Endpoints.Portal;

/// <summary>States and results, as the portal shows them.</summary>
internal static class Pills
{
    public static Html Of(ShownDeliveryState state) => Html.Of($"""
        <span class="pill {(state switch { ShownDeliveryState.Succeeded => "ok", ShownDeliveryState.Dead => "bad", ShownDeliveryState.Pending => "", _ => "busy" })}">{state.ToString()}</span>
        """);

    /// <summary>What came of an attempt: a status, or why there was none.</summary>
    public static Html Result(int? status, string? error) => (status, error) switch
    {
        ({ } code, _) => Html.Of($"{code}"),
        (null, { } why) => Html.Of($"{Capital(why.Replace('_', ' '))}"),
        _ => Html.Of($"–"),
    };

    public static string Capital(string word) => word.Length == 0 ? word : char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..];
}
