using System.Globalization;
using Automation.Server.Deliveries;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>What can be wrong with an event that somebody wants to emit.</summary>
internal static class EmissionCheck
{
    /// <summary>Where, and what; null when nothing is.</summary>
    public static (string Pointer, string Message)? Problem(string? type, string? key, string? id) =>
        type is null || !EventTypes.IsName(type) ? ("type", $"\"{type}\" is no event type: write {EventTypes.Expected}.")
        : EventTypes.IsReserved(type) ? ("type", $"\"{type}\" cannot be emitted: types that begin with {EventTypes.Reserved} are the server's own.")
        : key?.Length > DeliveryRequest.LongestOrderKey ? ("key", $"The event's key has {DeliveryRequest.LongestOrderKey} characters at most, not {key.Length}.")
        : id is { Length: 0 or > 256 } ? ("id", "The event's id has to have 1 to 256 characters.")
        : null;

    /// <summary>Null when the data are not too large.</summary>
    public static string? TooLarge(Json data, DeliveryOptions options) =>
        data.Utf8.Length <= options.MaxEventBytes ? null
        : string.Create(CultureInfo.InvariantCulture, $"The event's data have {data.Utf8.Length} bytes; {options.MaxEventBytes} are taken (Deliveries:MaxEventBytes). Send a link to what is large.");
}
