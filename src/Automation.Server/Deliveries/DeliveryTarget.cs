using Automation.Server.Secrets;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Deliveries;

/// <summary>Where a delivery to an endpoint goes, as the endpoint is at this moment.</summary>
/// <param name="Url">In place of the delivery's.</param>
/// <param name="Headers">Of the endpoint; those of the delivery come with them.</param>
/// <param name="Since">When it was registered.</param>
/// <param name="RatePerSecond">Attempts in a second; null for the server's limit.</param>
/// <param name="IsActive">False while it is paused or disabled: then nothing is sent.</param>
/// <param name="Sign">The headers that sign a message; its input's secret and config do not matter. Throws <see cref="OutboundException"/>.</param>
internal sealed record DeliveryTarget(SecretText Url, IReadOnlyDictionary<string, SecretText> Headers, DateTimeOffset Since, double? RatePerSecond, bool IsActive, Func<SigningInput, IReadOnlyList<(string Name, string Value)>> Sign);

/// <summary>Finds the endpoint of a delivery; null when it is gone.</summary>
internal delegate ValueTask<DeliveryTarget?> FindDeliveryTarget(string endpoint);
