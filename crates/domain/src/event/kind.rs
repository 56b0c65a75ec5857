//! The types of events and of internal entries, and the codes they are stored under.
//!
//! Codes are stored, so variants are only ever appended. An internal entry (a notice) never leaves
//! the house; a type for the payor alone never reaches a merchant's history, stream or webhook.

/// What changed. Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    InvoiceCreated,
    InvoiceUpdated,
    InvoicePaymentCreated,
    InvoicePaymentUpdated,
    TestPing,
    PaymentQuoteUpdated,
    WebhookEndpointDisabled,
    CommerceOrderCreated,
    CommerceOrderUpdated,
    RefundCreated,
    RefundUpdated,
    RampUserCreated,
    RampUserUpdated,
    RampBankAccountCreated,
    RampBankAccountUpdated,
    RampDepositCreated,
    RampDepositUpdated,
    RampOnrampCreated,
    RampOnrampUpdated,
    RampPayoutCreated,
    RampPayoutUpdated,
}

impl EventType {
    pub const ALL: [EventType; 21] = [
        EventType::InvoiceCreated,
        EventType::InvoiceUpdated,
        EventType::InvoicePaymentCreated,
        EventType::InvoicePaymentUpdated,
        EventType::TestPing,
        EventType::PaymentQuoteUpdated,
        EventType::WebhookEndpointDisabled,
        EventType::CommerceOrderCreated,
        EventType::CommerceOrderUpdated,
        EventType::RefundCreated,
        EventType::RefundUpdated,
        EventType::RampUserCreated,
        EventType::RampUserUpdated,
        EventType::RampBankAccountCreated,
        EventType::RampBankAccountUpdated,
        EventType::RampDepositCreated,
        EventType::RampDepositUpdated,
        EventType::RampOnrampCreated,
        EventType::RampOnrampUpdated,
        EventType::RampPayoutCreated,
        EventType::RampPayoutUpdated,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EventType::InvoiceCreated => "invoice.created",
            EventType::InvoiceUpdated => "invoice.updated",
            EventType::InvoicePaymentCreated => "invoice_payment.created",
            EventType::InvoicePaymentUpdated => "invoice_payment.updated",
            EventType::TestPing => "test.ping",
            EventType::PaymentQuoteUpdated => "payment_quote.updated",
            EventType::WebhookEndpointDisabled => "webhook_endpoint.disabled",
            EventType::CommerceOrderCreated => "commerce.order.created",
            EventType::CommerceOrderUpdated => "commerce.order.updated",
            EventType::RefundCreated => "refund.created",
            EventType::RefundUpdated => "refund.updated",
            EventType::RampUserCreated => "ramp.user.created",
            EventType::RampUserUpdated => "ramp.user.updated",
            EventType::RampBankAccountCreated => "ramp.bank_account.created",
            EventType::RampBankAccountUpdated => "ramp.bank_account.updated",
            EventType::RampDepositCreated => "ramp.deposit.created",
            EventType::RampDepositUpdated => "ramp.deposit.updated",
            EventType::RampOnrampCreated => "ramp.onramp.created",
            EventType::RampOnrampUpdated => "ramp.onramp.updated",
            EventType::RampPayoutCreated => "ramp.payout.created",
            EventType::RampPayoutUpdated => "ramp.payout.updated",
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<EventType> {
        let at = usize::try_from(code).ok()?;
        EventType::ALL.get(at).copied()
    }

    /// Whether only the payor's own stream tells of it.
    pub fn is_for_payor_only(self) -> bool {
        self == EventType::PaymentQuoteUpdated
    }
}

/// Why a log entry exists without being anybody's event: it never leaves the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    KeyChanged,
    MerchantChanged,
    TokenRuleChanged,
    MemberChanged,
    WebhookEndpointChanged,
    /// Of an invoice; its payors' earlier ones.
    SessionsRevoked,
    /// Of one or more products; the entry's data has their keys.
    ProductChanged,
    /// Pieces of one or more products went into an order; the entry's data has their keys.
    StockTaken,
}

impl Notice {
    pub const ALL: [Notice; 8] = [
        Notice::KeyChanged,
        Notice::MerchantChanged,
        Notice::TokenRuleChanged,
        Notice::MemberChanged,
        Notice::WebhookEndpointChanged,
        Notice::SessionsRevoked,
        Notice::ProductChanged,
        Notice::StockTaken,
    ];
}

/// Codes of internal entries start here; those below are events.
pub const FIRST_NOTICE_CODE: i64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    Event(EventType),
    Notice(Notice),
}

impl EntryKind {
    pub fn code(self) -> i64 {
        match self {
            EntryKind::Event(kind) => kind.code(),
            EntryKind::Notice(notice) => FIRST_NOTICE_CODE + notice as i64,
        }
    }

    pub fn from_code(code: i64) -> Option<EntryKind> {
        if code < FIRST_NOTICE_CODE {
            return EventType::from_code(code).map(EntryKind::Event);
        }
        let at = usize::try_from(code - FIRST_NOTICE_CODE).ok()?;
        Notice::ALL.get(at).copied().map(EntryKind::Notice)
    }

    /// The event a merchant may hear of, if it is one.
    pub fn public(self) -> Option<EventType> {
        match self {
            EntryKind::Event(kind) if !kind.is_for_payor_only() => Some(kind),
            EntryKind::Event(_) | EntryKind::Notice(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_name_every_kind() {
        let events = EventType::ALL.into_iter().map(EntryKind::Event);
        let notices = Notice::ALL.into_iter().map(EntryKind::Notice);
        for kind in events.chain(notices) {
            assert_eq!(EntryKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(EntryKind::from_code(999), None);
        assert_eq!(EntryKind::from_code(-1), None);
    }
}
