using Automation.Server.Deliveries;

namespace Automation.Server.Storage;

/// <summary>The durable record of everything accepted and of what became of it.</summary>
internal sealed class Journal
{
    /// <summary>Stores the changes as one unit; completes after the transaction they went into is committed and fsynced.</summary>
    public ValueTask CommitAsync(params ReadOnlySpan<Change> unit) => throw new NotImplementedException();

    /// <summary>
    /// Takes hold of up to <paramref name="limit"/> deliveries that are due and that no live server holds, oldest due first, leaving out the given
    /// destinations. A held delivery is this server's until a <see cref="DeliveryAttempted"/> or <see cref="DeliveryReleased"/>, or until the server dies.
    /// </summary>
    public ValueTask<IReadOnlyList<Delivery>> ClaimDeliveriesAsync(DateTimeOffset now, int limit, IReadOnlyCollection<string> except) => throw new NotImplementedException();

    /// <summary>When the next delivery that nobody holds is due; null when there is none.</summary>
    public ValueTask<DateTimeOffset?> NextDeliveryDueAsync() => throw new NotImplementedException();
}
